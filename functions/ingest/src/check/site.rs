//! `bunraku.yaml`: what the site says of itself.

use bunraku_farm::documents::{SiteSettings, UploadDiagnostic};
use bunraku_farm::rollout::Plan;
use bunraku_hiera::yaml;
use bunraku_pcore::{Value, rich};
use serde::de::DeserializeOwned;

use super::data;

/// What is wrong with the file.
pub(super) fn findings(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    settings(path, bytes).err().unwrap_or_default()
}

/// The settings of the file; what nobody knows is an error, since it would have no effect.
pub fn settings(path: &str, bytes: &[u8]) -> Result<SiteSettings, Vec<UploadDiagnostic>> {
    read(path, bytes)
}

/// A rollout's plan in a file of its own, read in the same way.
pub fn rollout_plan(path: &str, bytes: &[u8]) -> Result<Plan, Vec<UploadDiagnostic>> {
    read(path, bytes)
}

fn read<T: Default + DeserializeOwned>(
    path: &str,
    bytes: &[u8],
) -> Result<T, Vec<UploadDiagnostic>> {
    let mut broken = data::yaml(path, bytes);
    if !broken.is_empty() {
        // YAML has a kind of its own for dates, which its loader takes for no data.
        for finding in &mut broken {
            if finding.message.ends_with("unspecified class: Date") {
                finding.message.push_str("; dates want quotation marks");
            }
        }
        return Err(broken);
    }
    let value = yaml::parse(&String::from_utf8_lossy(bytes), path).unwrap_or(Value::Undef);
    if matches!(value, Value::Undef) {
        return Ok(T::default());
    }
    let json = rich::to_plain_json(&value);
    if !json.is_object() {
        return Err(vec![wrong(
            path,
            ".",
            "it holds settings by their names, such as `priorities:`",
        )]);
    }
    let mut unknown = Vec::new();
    let mut known = |at: serde_ignored::Path<'_>| {
        unknown.push(wrong(path, &at.to_string(), "there is no such setting"))
    };
    let read = serde_ignored::Deserializer::new(json, &mut known);
    let read = serde_path_to_error::deserialize(read);
    match read {
        Ok(settings) if unknown.is_empty() => Ok(settings),
        Ok(_) => Err(unknown),
        Err(error) => {
            let at = error.path().to_string();
            unknown.push(wrong(path, &at, &error.into_inner().to_string()));
            Err(unknown)
        }
    }
}

fn wrong(path: &str, at: &str, reason: &str) -> UploadDiagnostic {
    let message = match at {
        "." | "?" => reason.to_owned(),
        at => format!("{at}: {reason}"),
    };
    UploadDiagnostic::error(message).in_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let found = settings("bunraku.yaml", text.as_bytes()).unwrap_err();
        found.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn rules_are_read_and_an_empty_file_says_nothing() {
        let text = "priorities:\n- lane: urgent\n  certname: [db*, mail]\n  fact: {os.family: Debian, tier: 1}\n";
        let read = settings("bunraku.yaml", text.as_bytes()).unwrap();
        assert_eq!(read.priorities.len(), 1);
        for empty in ["", "---\n", "# nothing\n"] {
            assert_eq!(
                settings("bunraku.yaml", empty.as_bytes()),
                Ok(SiteSettings::default())
            );
        }
    }

    #[test]
    fn a_rollouts_plan_is_read_in_the_settings_and_alone() {
        let plan = "stages:\n- {name: canary, certname: [a, 'b*'], hold: 1h}\n- {percent: 2.5}\nwindows:\n\
                    - {days: mon-thu, from: 09:00, to: \"16:00\"}\nfreezes:\n- {from: '2026-12-19', to: '2027-01-03'}\n";
        let alone = rollout_plan("rollout.yaml", plan.as_bytes()).unwrap();
        assert_eq!(alone.all_stages().len(), 3);
        let inside = format!(
            "rollout:\n{}",
            plan.replace('\n', "\n  ").replacen("stages", "  stages", 1)
        );
        let inside = settings("bunraku.yaml", inside.trim_end().as_bytes()).unwrap();
        assert_eq!(inside.rollout, Some(alone));
        let unknown = rollout_plan("rollout.yaml", b"gate: {failures: 1}\n").unwrap_err();
        assert_eq!(
            unknown[0].message,
            "gate.failures: there is no such setting"
        );
    }

    #[test]
    fn whatever_is_wrong_is_told_with_its_place() {
        assert_eq!(
            messages("priority: []"),
            ["priority: there is no such setting"]
        );
        let unknown = "priorities:\n- lane: bulk\n  node: a\n";
        assert_eq!(
            messages(unknown),
            ["priorities.0.node: there is no such setting"]
        );
        let lane = &messages("priorities:\n- lane: fast\n")[0];
        assert!(
            lane.starts_with("priorities[0].lane: unknown variant `fast`"),
            "{lane}"
        );
        assert!(messages("- a")[0].contains("settings by their names"));
        let rule = &messages("priorities: [a]")[0];
        assert!(
            rule.contains("priorities[0]: ") && rule.contains("expected a rule"),
            "{rule}"
        );
        assert!(messages("a: [")[0].contains("bunraku.yaml"));
        let freeze = "rollout:\n  freezes: [{from: 2026-12-19, to: 2026-12-20}]\n";
        let date = &messages(freeze)[0];
        assert!(date.ends_with("dates want quotation marks"), "{date}");
    }
}
