//! The code that is pushed: a few roles, each with a motto.

use std::collections::BTreeMap;

use bunraku_farm::documents::ReleaseManifest;
use bunraku_farm::{CodePath, Digest};
use serde_json::{Map, Value, json};

use crate::parcel::entry;

/// What a role's data file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) motto: u32,
    pub(crate) broken: bool,
}

/// One state of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) roles: Vec<Role>,
    /// Text that no catalog depends on.
    pub(crate) readme: u32,
}

const MANIFEST: &str = r#"node default {
  $role = $facts['role']
  if lookup("${role}::broken") { fail("${role} is broken") }
  notify { 'motto': message => lookup("${role}::motto") }
  notify { 'mood': message => $facts['mood'] }
  if $role == 'role0' { Notify <<| tag == 'mood' |>> }
  else { @@notify { "from ${trusted['certname']}": message => $facts['mood'], tag => 'mood' } }
}
"#;
/// Nodes of this role collect the moods of the others.
pub(crate) const COLLECTS: &str = "role0";
/// How they ask for them.
pub(crate) const QUERY: &str = r#"["Notify",["=","tag","mood"]]"#;
const HIERA: &str = "version: 5\nhierarchy:\n  - name: role\n    path: \"%{facts.role}.yaml\"\n";

impl Site {
    pub(crate) fn new(roles: usize) -> Self {
        Self {
            roles: vec![Role::default(); roles],
            readme: 0,
        }
    }

    /// The files, with their texts.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let roles = self.roles.iter().enumerate().map(|(number, role)| {
            let Role { motto, broken } = role;
            let data =
                format!("role{number}::motto: motto {motto}\nrole{number}::broken: {broken}\n");
            (data_file(&format!("role{number}")), data)
        });
        let rest = [
            ("manifests/site.pp".to_owned(), MANIFEST.to_owned()),
            ("hiera.yaml".to_owned(), HIERA.to_owned()),
            ("README.md".to_owned(), format!("State {}.\n", self.readme)),
        ];
        rest.into_iter().chain(roles).collect()
    }

    /// The release that a push of it becomes.
    pub(crate) fn release(&self) -> Digest {
        let entries = self
            .files()
            .into_iter()
            .filter_map(|(path, text)| Some((CodePath::parse(path).ok()?, entry(&text))));
        ReleaseManifest::new(entries.collect()).release
    }
}

/// Where a role's data is.
pub(crate) fn data_file(role: &str) -> String {
    format!("data/{role}.yaml")
}

/// The role whose data a file has.
pub(crate) fn role_of(path: &str) -> Option<&str> {
    path.strip_prefix("data/")?.strip_suffix(".yaml")
}

/// Facts of a node.
pub(crate) fn facts(role: usize, mood: u64, uptime: u64) -> Map<String, Value> {
    let facts = json!({
        "role": format!("role{role}"), "mood": format!("mood {mood}"), "uptime_seconds": uptime,
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// What a catalog says, whichever engine made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) motto: String,
    pub(crate) mood: String,
}

impl Said {
    /// Whether runs with it fail: some states of the code do harm.
    pub(crate) fn is_harmful(&self) -> bool {
        let number = self.motto.rsplit(' ').next();
        let number = number.and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| number % 5 == 4)
    }
}

/// Reads what a catalog says.
pub(crate) fn said(catalog: &Value) -> Option<Said> {
    let message = |title: &str| {
        let resources = catalog.get("resources")?.as_array()?;
        let notify = resources
            .iter()
            .find(|resource| resource["type"] == "Notify" && resource["title"] == title)?;
        Some(notify["parameters"]["message"].as_str()?.to_owned())
    };
    Some(Said {
        motto: message("motto")?,
        mood: message("mood")?,
    })
}

/// The moods that a catalog has collected, by the title of what was exported.
pub(crate) fn collected(catalog: &Value) -> BTreeMap<String, String> {
    let resources = catalog["resources"].as_array().into_iter().flatten();
    let moods = resources.filter_map(|resource| {
        let title = resource["title"].as_str()?;
        let own = resource["exported"] == true || !title.starts_with("from ");
        let message = resource["parameters"]["message"].as_str()?;
        (!own).then(|| (title.to_owned(), message.to_owned()))
    });
    moods.collect()
}
