//! The long run, made short: `cargo run -p bunraku-simulation -- --nodes 1000000` ends, and tells all of it.

use bunraku_simulation::Crowd;

#[test]
fn a_crowd_gets_two_pushes_and_a_rollout_that_is_taken_back() {
    let crowd = Crowd {
        seed: 1,
        nodes: 400,
        concurrency: 20,
    };
    let told = crowd.run().unwrap_or_else(|broken| panic!("{broken:?}"));
    let compiled: Vec<_> = told.pushes.iter().map(|push| push.compiled).collect();
    assert_eq!(compiled[0], 400);
    // One role of 20.
    assert!((1..100).contains(&compiled[1]), "{compiled:?}");
    let nodes: Vec<_> = told.stages.iter().map(|stage| stage.nodes).collect();
    assert_eq!(nodes, [4, 36, 160, 200, 400]);
    let opened_with_compiles = told.stages.last().map(|undo| undo.told.compiled);
    assert_eq!(
        opened_with_compiles,
        Some(0),
        "taking back compiles nothing"
    );
}
