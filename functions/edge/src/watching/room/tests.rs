//! Whose turn it is, as rules change.

use serde_json::json;

use super::*;

fn visitor(name: &str) -> Visitor {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    let common_name = rcgen::DnType::CommonName;
    params.distinguished_name.push(common_name, name);
    let certificate = params.self_signed(&key).unwrap();
    Visitor {
        certname: Certname::parse(name).unwrap(),
        identity: Arc::new(Identity::from_der(certificate.der()).unwrap()),
        environment: EnvironmentName::parse("production").unwrap(),
        named: true,
        has: None,
        lane: Lane::Normal,
    }
}

#[tokio::test]
async fn a_rule_that_a_release_brings_holds_for_those_who_wait_already() {
    let room = Arc::new(Room::new(&EdgeConfig {
        runs_at_once: 1,
        ..EdgeConfig::default()
    }));
    let enter = |name| room.enter(visitor(name), room.place().unwrap()).unwrap();
    let _streams = ["first", "plain", "vital"].map(enter);
    let first = room.next().unwrap();
    let rules = json!({"priorities": [
        {"lane": "urgent", "certname": "vital"},
        {"lane": "bulk", "fact": {"tier": 9}},
    ]});
    let settings = serde_json::from_value(rules).unwrap();
    room.rank(&first.environment, &settings);
    room.stir_all(Some(&first.environment), Extent::Lagging(2));
    // Nothing is new for the first: its turn is over.
    assert!(!room.looked(&first, None, Lane::Normal));
    let next = room.next().unwrap();
    assert_eq!(next.certname.as_str(), "vital");
}
