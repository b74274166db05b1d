//! Puppet's object identifiers: `1.3.6.1.4.1.34380.1` and below (puppet/ssl/oids.rb).

/// The arc of all of Puppet's certificate extensions.
const ARC: &str = "1.3.6.1.4.1.34380.1.";
/// The arc of extensions that grant something: `pp_authorization` and friends.
const AUTHORIZATION_ARC: &str = "1.3.6.1.4.1.34380.1.3.";
/// Marks a certificate whose owner may administer the authority: `pp_cli_auth`.
pub const PP_CLI_AUTH: &str = "1.3.6.1.4.1.34380.1.3.39";

/// Registered names, as the agent and server know them. `pp_cli_auth` is not among them in Puppet 7, so that
/// trusted facts show it by number; the same here.
const NAMES: [(&str, &str); 28] = [
    ("1.1", "pp_uuid"),
    ("1.2", "pp_instance_id"),
    ("1.3", "pp_image_name"),
    ("1.4", "pp_preshared_key"),
    ("1.5", "pp_cost_center"),
    ("1.6", "pp_product"),
    ("1.7", "pp_project"),
    ("1.8", "pp_application"),
    ("1.9", "pp_service"),
    ("1.10", "pp_employee"),
    ("1.11", "pp_created_by"),
    ("1.12", "pp_environment"),
    ("1.13", "pp_role"),
    ("1.14", "pp_software_version"),
    ("1.15", "pp_department"),
    ("1.16", "pp_cluster"),
    ("1.17", "pp_provisioner"),
    ("1.18", "pp_region"),
    ("1.19", "pp_datacenter"),
    ("1.20", "pp_zone"),
    ("1.21", "pp_network"),
    ("1.22", "pp_securitypolicy"),
    ("1.23", "pp_cloudplatform"),
    ("1.24", "pp_apptier"),
    ("1.25", "pp_hostname"),
    ("1.26", "pp_owner"),
    ("3.1", "pp_authorization"),
    ("3.13", "pp_auth_role"),
];

/// The name trusted facts use for a dotted identifier: the short name if Puppet has registered one.
#[must_use]
pub fn short_name(oid: &str) -> &str {
    oid.strip_prefix(ARC)
        .and_then(|rest| NAMES.iter().find(|(number, _)| *number == rest))
        .map_or(oid, |(_, name)| name)
}

/// The dotted identifier of a short name, or the argument itself if it is one of Puppet's already.
#[must_use]
pub fn dotted(name: &str) -> Option<String> {
    if name == "pp_cli_auth" {
        return Some(PP_CLI_AUTH.to_owned());
    }
    if is_puppet(name) {
        return Some(name.to_owned());
    }
    NAMES
        .iter()
        .find(|(_, short)| *short == name)
        .map(|(number, _)| format!("{ARC}{number}"))
}

/// Whether the extension is Puppet's: registered (`.1`), private (`.2`) or authorization (`.3`).
pub(crate) fn is_puppet(oid: &str) -> bool {
    oid.strip_prefix(ARC)
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(arc, _)| matches!(arc, "1" | "2" | "3"))
}

/// Whether the extension grants something.
pub(crate) fn is_authorization(oid: &str) -> bool {
    oid.starts_with(AUTHORIZATION_ARC)
}

/// The components of a dotted identifier.
pub(crate) fn components(oid: &str) -> Option<Vec<u64>> {
    oid.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_extensions_have_short_names_and_others_keep_their_number() {
        assert_eq!(short_name("1.3.6.1.4.1.34380.1.1.13"), "pp_role");
        assert_eq!(
            short_name("1.3.6.1.4.1.34380.1.2.1.1"),
            "1.3.6.1.4.1.34380.1.2.1.1"
        );
        assert_eq!(short_name(PP_CLI_AUTH), PP_CLI_AUTH);
        assert_eq!(
            dotted("pp_role").as_deref(),
            Some("1.3.6.1.4.1.34380.1.1.13")
        );
        assert_eq!(dotted("2.5.29.17"), None);
    }

    #[test]
    fn only_puppets_own_arcs_are_trusted() {
        assert!(is_puppet("1.3.6.1.4.1.34380.1.2.7"));
        assert!(!is_puppet("1.3.6.1.4.1.34380.1.4.7"));
        assert!(!is_puppet("1.3.6.1.4.1.343801.1.1"));
        assert!(is_authorization(PP_CLI_AUTH));
        assert!(!is_authorization("1.3.6.1.4.1.34380.1.30.1"));
    }
}
