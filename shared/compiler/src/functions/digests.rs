//! Digests, and the numbers that a node draws from its name.

use bunraku_pcore::Value;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;
use crate::scope::{FactPath, FactRoot};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "md5",
        dispatches: &[Dispatch::of(&[("text", "Any")], digest::<Md5>)],
    },
    Builtin {
        name: "sha1",
        dispatches: &[Dispatch::of(&[("text", "Any")], digest::<Sha1>)],
    },
    Builtin {
        name: "sha256",
        dispatches: &[Dispatch::of(&[("text", "Any")], digest::<Sha256>)],
    },
    // The setting `digest_algorithm` is sha256 by default, and the farm does not change it.
    Builtin {
        name: "digest",
        dispatches: &[Dispatch::of(&[("text", "Any")], digest::<Sha256>)],
    },
    Builtin {
        name: "fqdn_rand",
        dispatches: &[Dispatch::of(&[("max", "Any"), ("seed", "Any")], fqdn_rand).repeated(0)],
    },
];

fn hex_digest<D: Digest>(text: &str) -> String {
    hex::encode(D::digest(text.as_bytes()))
}

fn digest<D: Digest>(call: &mut Call<'_, '_>) -> Result<Value> {
    let text = match call.arg(0) {
        Value::Str(text) => text.clone(),
        other => {
            let class = bunraku_pcore::ruby_class(other);
            return Err(call.fail(format!("no implicit conversion of {class} into String")));
        }
    };
    Ok(Value::string(hex_digest::<D>(&text)))
}

/// `fqdn_rand(max, seed, downcase)`: the same number for a node at every compile.
fn fqdn_rand(call: &mut Call<'_, '_>) -> Result<Value> {
    let max = match call.arg(0) {
        Value::Int(max) => *max,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "as Ruby's to_i; out of range saturates and is refused below"
        )]
        Value::Float(max) => *max as i64,
        Value::Str(text) => ruby_to_i(text),
        other => {
            let class = bunraku_pcore::ruby_class(other);
            return Err(call.fail(format!(
                "undefined method `to_i' for an instance of {class}"
            )));
        }
    };
    let fqdn = FactPath::root(FactRoot::Facts)
        .join("networking".into())
        .join("fqdn".into());
    let mut fqdn = bunraku_pcore::to_display_string(&call.ev.read_fact(&fqdn)).to_string();
    if call.arg(2).is_truthy() {
        fqdn = fqdn.to_lowercase();
    }
    let seed = match call.args.get(1) {
        None | Some(Value::Undef) => String::new(),
        Some(Value::Array(parts)) => super::strings::join_values(parts, ":"),
        Some(other) => bunraku_pcore::to_display_string(other).to_string(),
    };
    let digest = Md5::digest(format!("{fqdn}:{max}:{seed}").as_bytes());
    let Ok(bound) = u64::try_from(max) else {
        return Err(call.fail(format!("invalid argument - {max}")));
    };
    if bound == 0 {
        return Err(call.fail("invalid argument - 0"));
    }
    Ok(Value::Int(
        i64::try_from(super::mersenne::draw(&digest, bound)).unwrap_or(i64::MAX),
    ))
}

/// Ruby's `String#to_i`: the leading digits, else 0.
fn ruby_to_i(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits
        .get(..end)
        .and_then(|digits| digits.parse::<i64>().ok())
        .map_or(0, |number| sign * number)
}
