//! `bunraku ca`

use std::process::ExitCode;

use bunraku_pki::{Ca, CaOptions};
use serde_json::json;

use crate::cli::{CaArgs, CaCommand, CaGenerate};
use crate::console;
use crate::failure::{Failure, Result};

/// Opens the authority of a farm's data directory; it must be there.
fn open(args: &CaArgs) -> Result<Ca> {
    let directory = args.data.join("ca");
    if !directory.exists() {
        return Err(Failure::unreachable(format!(
            "{}: no certificate authority here; `bunraku up` makes one, --data says where it is",
            directory.display()
        )));
    }
    Ok(Ca::open(directory, CaOptions::default())?)
}

/// Does the same to each certname, and says so.
fn each(
    ca: &Ca,
    certnames: &[String],
    json: bool,
    done: &str,
    act: impl Fn(&Ca, &str) -> bunraku_pki::Result<()>,
) -> Result<ExitCode> {
    let mut failed = Vec::new();
    for certname in certnames {
        match act(ca, certname) {
            Ok(()) if !json => console::out(&format!("{done} {certname}")),
            Ok(()) => {}
            Err(error) => failed.push(json!({ "certname": certname, "error": error.to_string() })),
        }
    }
    if json {
        console::json(&json!({ "certnames": certnames, "failed": failed }));
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let reasons: Vec<String> = failed
        .iter()
        .map(|failure| failure["error"].as_str().unwrap_or_default().to_owned())
        .collect();
    Err(Failure::input(reasons.join("\n")))
}

/// Lists, signs, revokes or cleans.
pub(crate) fn run(command: &CaCommand, json: bool) -> Result<ExitCode> {
    match command {
        CaCommand::List(args) => {
            let list = open(args)?.list()?;
            console::result(json, &list, || {
                let mut rows = vec![
                    ["CERTNAME", "STATE", "EXPIRES", "FINGERPRINT"]
                        .map(str::to_owned)
                        .to_vec(),
                ];
                rows.extend(list.iter().map(|status| {
                    vec![
                        status.name.clone(),
                        status.state.as_str().to_owned(),
                        status.not_after.clone().unwrap_or_default(),
                        status.fingerprint.clone(),
                    ]
                }));
                console::table(&rows)
            });
            Ok(ExitCode::SUCCESS)
        }
        CaCommand::Sign(options) => {
            let ca = open(&options.ca)?;
            let certnames = if options.all {
                let requests = ca.list()?.into_iter();
                requests
                    .filter(|status| status.state == bunraku_pki::CertificateState::Requested)
                    .map(|status| status.name)
                    .collect()
            } else {
                options.certnames.clone()
            };
            each(&ca, &certnames, json, "Signed", Ca::sign)
        }
        CaCommand::Revoke(options) => each(
            &open(&options.ca)?,
            &options.certnames,
            json,
            "Revoked",
            Ca::revoke,
        ),
        CaCommand::Clean(options) => each(
            &open(&options.ca)?,
            &options.certnames,
            json,
            "Cleaned",
            Ca::clean,
        ),
        CaCommand::Generate(options) => generate(options, json),
    }
}

/// Makes a certificate, or finds the one that was made before, and says where everything is that an
/// edge or `bunraku push` wants to know.
fn generate(options: &CaGenerate, json: bool) -> Result<ExitCode> {
    let directory = options.ca.data.join("ca");
    let ca = Ca::open(&directory, CaOptions::default())?;
    let made = match options.admin {
        true => ca.admin_credentials(&options.certname)?,
        false => ca.server_credentials(&options.certname, &options.names)?,
    };
    let file = |path: String| directory.join(path).display().to_string();
    let (certificate, key) = (
        file(format!("signed/{}.pem", made.certname)),
        file(format!("private/{}.pem", made.certname)),
    );
    let (ca, crl) = (file("ca_crt.pem".to_owned()), file("ca_crl.pem".to_owned()));
    let paths = json!({ "certificate": certificate, "key": key, "ca_certificate": ca, "crl": crl });
    console::result(json, &paths, || match options.admin {
        true => format!("--certificate {certificate} --key {key} --ca {ca}"),
        false => {
            format!("--certificate {certificate} --key {key} --ca-certificate {ca} --crl {crl}")
        }
    });
    Ok(ExitCode::SUCCESS)
}
