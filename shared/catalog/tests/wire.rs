//! The wire formats against catalogs that the reference sent to an agent.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bunraku_catalog::wire::{Format, from_json, to_json, to_json_value};
use bunraku_catalog::{Catalog, Kind, Resource};
use bunraku_pcore::{PuppetHash, Type, Value};
use serde_json::{Value as Json, json};

const RICH: &str = include_str!("samples/rich.json");
const PLAIN: &str = include_str!("samples/plain.json");

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_rich_catalog_of_the_reference_is_written_as_it_was_read() {
    let catalog = from_json(RICH.as_bytes()).unwrap();
    let written = String::from_utf8(to_json(&catalog, Format::Rich).unwrap()).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&parse(&written)).unwrap(),
        serde_json::to_string_pretty(&parse(RICH)).unwrap(),
    );
}

#[test]
fn the_plain_rendering_of_a_rich_catalog_is_the_one_the_reference_sends() {
    let mut catalog = from_json(RICH.as_bytes()).unwrap();
    let plain = parse(PLAIN);
    catalog.catalog_uuid = plain
        .get("catalog_uuid")
        .and_then(Json::as_str)
        .map(Into::into);
    assert_eq!(
        serde_json::to_string_pretty(&to_json_value(&catalog, Format::Plain).unwrap()).unwrap(),
        serde_json::to_string_pretty(&plain).unwrap(),
    );
}

#[test]
fn catalogs_wrapped_by_old_masters_are_read() {
    let wrapped = json!({"document_type": "Catalog", "metadata": {"api_version": 1},
        "data": {"name": "old", "version": "v1", "tags": [], "resources": [], "edges": [], "classes": ["settings"]}});
    let catalog = from_json(wrapped.to_string().as_bytes()).unwrap();
    assert_eq!((catalog.name.as_str(), catalog.classes.len()), ("old", 1));
}

#[test]
fn what_is_no_catalog_is_an_error() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"name\": 1}",
        "{\"name\":\"x\",\"resources\":[{}]}",
    ] {
        assert!(from_json(text.as_bytes()).is_err(), "{text}");
    }
}

fn one(resource: Resource) -> Json {
    let mut catalog = Catalog::new("n", "production");
    catalog.resources.push(resource);
    to_json_value(&catalog, Format::Rich).unwrap()["resources"][0].clone()
}

#[test]
fn a_sensitive_parameter_is_written_open_and_named() {
    let mut resource = Resource::new("File", "/x", Kind::CompilableType);
    resource
        .parameters
        .insert("content".into(), Value::sensitive(Value::string("s")));
    let written = one(resource);
    assert_eq!(written["parameters"]["content"], "s");
    assert_eq!(written["sensitive_parameters"], json!(["content"]));
}

#[test]
fn references_are_written_as_text_at_any_depth() {
    let mut resource = Resource::new("File", "/x", Kind::CompilableType);
    let nested = Value::hash(
        [("k", Value::of_type(Type::class("a::b")))]
            .into_iter()
            .collect::<PuppetHash>(),
    );
    let list = vec![Value::of_type(Type::resource("foo::bar", "t")), nested];
    resource
        .parameters
        .insert("require".into(), Value::array(list));
    assert_eq!(
        one(resource)["parameters"]["require"],
        json!(["Foo::Bar[t]", {"k": "Class[A::B]"}])
    );
}

#[test]
fn keys_come_in_puppets_order_and_empty_ones_are_left_out() {
    let mut resource = Resource::new("File", "/x", Kind::CompilableType);
    resource.line = Some(3);
    let keys = |json: &Json| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let json = one(resource);
    assert_eq!(
        keys(&json),
        ["type", "title", "tags", "line", "exported", "kind"]
    );
    let catalog = to_json_value(&Catalog::new("n", "e"), Format::Rich).unwrap();
    let expected =
        "tags name version code_id catalog_uuid catalog_format environment resources edges classes";
    assert_eq!(keys(&catalog).join(" "), expected);
}

#[test]
fn an_agent_gets_no_virtual_resource_and_no_edge_to_one() {
    let mut catalog = from_json(RICH.as_bytes()).unwrap();
    let (resources, edges) = (catalog.resources.len(), catalog.edges.len());
    let hidden = catalog
        .resources
        .iter_mut()
        .find(|r| r.title == "n1")
        .unwrap();
    hidden.is_virtual = true;
    let sent = catalog.for_agent();
    assert_eq!(
        (sent.resources.len(), sent.edges.len()),
        (resources - 1, edges - 1)
    );
}
