use std::collections::BTreeSet;

use bunraku_catalog::Exports;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::EnvironmentName;
use crate::documents::PoolNodes;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn name(text: &str) -> Certname {
    Certname::parse(text).unwrap()
}

fn resource(certname: &str, title: &str, value: &str) -> ExportedResource {
    ExportedResource {
        certname: certname.into(),
        type_name: "Notify".into(),
        title: title.into(),
        tags: BTreeSet::new(),
        parameters: [("message".into(), json!(value))].into(),
        file: Some("site.pp".into()),
        line: Some(7),
    }
}

fn attempt(position: (u64, u64, u64), exports: Option<Vec<ExportedResource>>) -> Attempt {
    Attempt {
        certname: name("web1"),
        sequence: position.0,
        facts_generation: position.1,
        pool_generation: position.2,
        exports,
        collects: BTreeMap::new(),
    }
}

#[test]
fn a_slow_worker_never_takes_back_what_a_faster_one_wrote() {
    let new = following(
        None,
        &attempt((2, 1, 5), Some(vec![resource("web1", "a", "x")])),
        at(1),
    )
    .unwrap();
    for older in [(1, 9, 9), (2, 0, 9), (2, 1, 4)] {
        assert_eq!(
            following(Some(&new), &attempt(older, Some(vec![])), at(2)),
            None
        );
    }
    // Nor does the same attempt write twice.
    let again = attempt((2, 1, 5), Some(vec![resource("web1", "a", "x")]));
    assert_eq!(following(Some(&new), &again, at(2)), None);
}

#[test]
fn places_are_left_out_and_a_failure_keeps_what_the_last_catalog_exports() {
    let exports = vec![resource("web1", "b", "x"), resource("web1", "a", "x")];
    let written = following(None, &attempt((1, 1, 0), Some(exports)), at(1)).unwrap();
    let titles: Vec<_> = written
        .exports
        .iter()
        .map(|it| (it.title.as_str(), it.line))
        .collect();
    assert_eq!(titles, [("a", None), ("b", None)]);
    let failed = following(Some(&written), &attempt((2, 1, 0), None), at(2)).unwrap();
    assert_eq!((failed.exports, failed.sequence), (written.exports, 2));
}

/// A document of web1 in an environment, that exports one resource.
fn document(title: &str) -> ExchangeDoc {
    let exports = vec![resource("web1", title, "x")];
    following(None, &attempt((1, 1, 0), Some(exports)), at(1)).unwrap()
}

#[test]
fn a_node_that_is_in_two_environments_for_a_while_keeps_what_it_exports_in_the_one_it_stays_in() {
    let [old, new] = ["old", "new"].map(|name| EnvironmentName::parse(name).unwrap());
    let listing = |environments: &[&EnvironmentName]| -> gather::Listed {
        let node = || [(name("web1"), "1".to_owned())].into();
        environments
            .iter()
            .map(|it| ((*it).clone(), node()))
            .collect()
    };
    let first = gather::gather(
        PoolNodes::default(),
        &listing(&[&old]),
        [(old.clone(), document("a"))],
    );
    let both = listing(&[&old, &new]);
    assert_eq!(
        gather::changes(&first.nodes, &both),
        [(new.clone(), name("web1"))]
    );
    let second = gather::gather(first.nodes, &both, [(new.clone(), document("b"))]);
    // It has left the old one: all of it goes from the pool, and so the new document is read again, unchanged.
    let last = listing(&[&new]);
    let changes = gather::changes(&second.nodes, &last);
    assert_eq!(changes, [(new.clone(), name("web1"))]);
    let third = gather::gather(second.nodes, &last, [(new.clone(), document("b"))]);
    let before = ["a", "b"].map(|title| resource("web1", title, "x").into());
    let part = third.part("Notify", before);
    let titles: Vec<&str> = part.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["b"]);
}

#[test]
fn rounds_count_the_compiles_for_others_alone() {
    let written = |current: Option<&ExchangeDoc>, position| {
        following(current, &attempt(position, Some(vec![])), at(1)).unwrap()
    };
    let first = written(None, (1, 1, 1));
    let second = written(Some(&first), (1, 1, 2));
    let third = written(Some(&second), (1, 1, 3));
    assert_eq!((first.rounds, second.rounds, third.rounds), (0, 1, 2));
    assert_eq!(written(Some(&third), (1, 2, 4)).rounds, 0);
    assert_eq!(written(Some(&third), (2, 1, 3)).rounds, 0);
}

/// A farm of the rules alone: each node exports one notify, and collects those of some others.
struct World {
    documents: BTreeMap<Certname, ExchangeDoc>,
    nodes: PoolNodes,
    pool: Exports,
    generation: u64,
}

/// What a node does: whose exports it collects, and what it exports given what it got.
#[derive(Debug)]
struct Node {
    collects: Vec<usize>,
    /// The message that it exports: of its own, or of what it collected.
    passes_on: bool,
}

fn certname(index: usize) -> Certname {
    name(&format!("n{index}"))
}

impl World {
    fn compile(&mut self, index: usize, node: &Node) {
        let certname = certname(index);
        let (mut collects, mut got) = (BTreeMap::new(), Vec::new());
        for other in &node.collects {
            let query = format!(r#"["Notify",["=","title","n{other}"]]"#);
            let answer = self.pool.answer(&query.parse().unwrap(), certname.as_str());
            collects.insert(query.into(), bunraku_catalog::exported_digest(&answer));
            got.extend(
                answer
                    .iter()
                    .map(|found| found.parameters["message"].to_string()),
            );
        }
        let message = if node.passes_on {
            got.concat()
        } else {
            index.to_string()
        };
        let attempt = Attempt {
            certname: certname.clone(),
            sequence: 1,
            facts_generation: 1,
            pool_generation: self.generation,
            exports: Some(vec![resource(
                certname.as_str(),
                certname.as_str(),
                &message,
            )]),
            collects,
        };
        let current = self.documents.get(&certname);
        if let Some(next) = following(current, &attempt, at(1)) {
            self.documents.insert(certname, next);
        }
    }

    /// Gathers, and gives the nodes to compile.
    fn gather(&mut self) -> Vec<Outdated> {
        let stamp = |document: &ExchangeDoc| serde_json::to_string(document).unwrap();
        let listed = self
            .documents
            .iter()
            .map(|(name, it)| (name.clone(), stamp(it)));
        let listed = Listed::from([(production(), listed.collect())]);
        let changed = changes(&self.nodes, &listed);
        let documents = changed
            .iter()
            .map(|(environment, certname)| (environment.clone(), self.documents[certname].clone()));
        let gathered = gather(std::mem::take(&mut self.nodes), &listed, documents);
        let query = r#"["Notify"]"#.parse().unwrap();
        let before = self.pool.answer(&query, "");
        let after = gathered.part("Notify", before.clone());
        if after != before {
            self.generation += 1;
        }
        self.pool = after.into_iter().collect();
        self.nodes = gathered.nodes;
        outdated(&self.nodes, &self.pool)
    }

    /// Compiles all, and then whoever is outdated, until nobody is. Gives how often each was compiled.
    fn run(&mut self, nodes: &[Node], rounds: usize) -> Option<Vec<usize>> {
        let mut compiled = vec![0; nodes.len()];
        let mut outdated: Vec<usize> = (0..nodes.len()).collect();
        for _ in 0..rounds {
            if outdated.is_empty() {
                return Some(compiled);
            }
            for index in outdated.drain(..) {
                compiled[index] += 1;
                self.compile(index, &nodes[index]);
            }
            let index = |node: &Outdated| node.certname.as_str()[1..].parse().unwrap();
            outdated = self.gather().iter().map(index).collect();
        }
        None
    }

    fn empty() -> Self {
        Self {
            documents: BTreeMap::new(),
            nodes: PoolNodes::default(),
            pool: Exports::default(),
            generation: 0,
        }
    }
}

/// Whether whoever passes on what it collects is part of no circle of such nodes.
fn settles(nodes: &[Node]) -> bool {
    let mut left: BTreeSet<usize> = (0..nodes.len()).filter(|n| nodes[*n].passes_on).collect();
    loop {
        let before = left.len();
        let waits = |node: &usize| {
            nodes[*node]
                .collects
                .iter()
                .any(|other| left.contains(other))
        };
        left = left.iter().copied().filter(waits).collect();
        if left.len() == before {
            return left.is_empty();
        }
    }
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    (1..8_usize).prop_flat_map(|count| {
        let node = (proptest::collection::vec(0..count, 0..count), any::<bool>());
        let node = node.prop_map(|(collects, passes_on)| Node {
            collects,
            passes_on,
        });
        proptest::collection::vec(node, count)
    })
}

proptest! {
    /// Circles (a collects of b, b of a) come to rest unless what goes round them never stays the same;
    /// then every catalog is the one that compiling once more would give, and nobody was compiled
    /// more often than there are nodes in a row.
    #[test]
    fn circles_come_to_rest(nodes in nodes()) {
        prop_assume!(settles(&nodes));
        let mut world = World::empty();
        let compiled = world.run(&nodes, nodes.len() + 3);
        prop_assert!(compiled.is_some());
        prop_assert!(compiled.unwrap().into_iter().all(|times| times <= nodes.len() + 1));
        let before = world.documents.clone();
        for (index, node) in nodes.iter().enumerate() {
            world.compile(index, node);
        }
        for (certname, document) in &world.documents {
            prop_assert_eq!(&document.exports, &before[certname].exports);
            prop_assert_eq!(&document.collects, &before[certname].collects);
        }
    }

    /// When an exporter changes or goes, those are outdated whose queries its resources answer, and
    /// no others.
    #[test]
    fn exactly_those_who_collect_it_are_outdated(nodes in nodes(), which in 0..8_usize, goes in any::<bool>()) {
        let nodes: Vec<Node> = nodes.into_iter().map(|node| Node { passes_on: false, ..node }).collect();
        let mut world = World::empty();
        prop_assert!(world.run(&nodes, nodes.len() + 3).is_some());
        let which = which % nodes.len();
        let certname = certname(which);
        if goes {
            world.documents.remove(&certname);
        } else {
            let document = world.documents.get_mut(&certname).unwrap();
            document.exports[0].parameters.insert("message".into(), json!("another"));
        }
        let outdated: Vec<String> = world.gather().iter().map(|node| node.certname.to_string()).collect();
        let concerned = (0..nodes.len())
            .filter(|node| *node != which && nodes[*node].collects.contains(&which))
            .map(|node| format!("n{node}"));
        prop_assert_eq!(outdated, concerned.collect::<Vec<_>>());
    }
}
