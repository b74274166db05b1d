use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Tick(i64),
    Report(usize, bool),
    Work,
    Duplicate(usize),
    NewFacts(usize),
    NewNode(usize),
    Start(usize),
    Push(usize),
    Pin(usize),
    Unpin(usize),
    Pause,
    Resume,
    Abort,
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..400_i64).prop_map(Step::Tick),
        4 => (0..6_usize, proptest::bool::weighted(0.2)).prop_map(|(node, failed)| Step::Report(node, failed)),
        5 => Just(Step::Work),
        1 => (0..6_usize).prop_map(Step::Duplicate),
        1 => (0..6_usize).prop_map(Step::NewFacts),
        1 => (0..3_usize).prop_map(Step::NewNode),
        2 => (0..4_usize).prop_map(Step::Start),
        1 => (0..4_usize).prop_map(Step::Push),
        1 => (0..6_usize).prop_map(Step::Pin),
        1 => (0..6_usize).prop_map(Step::Unpin),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Abort),
        1 => Just(Step::Undo),
    ]
}

fn a_plan(number: usize) -> Plan {
    plan(match number {
        0 => json!({"stages": [{"percent": 20, "hold": "1h"}, {"percent": 60, "hold": "2h"}]}),
        1 => {
            json!({"stages": [{"certname": "n1"}, {"by_hand": true}], "gate": {"reports": 0}, "new_nodes": "new"})
        }
        2 => json!({"stages": [{"percent": 10, "hold": "30m"}], "time_zone": "Europe/Zurich",
            "windows": [{"days": "mon-fri", "from": "09:00", "to": "16:00"}],
            "freezes": [{"from": "2026-11-24", "to": "2026-11-25"}]}),
        _ => json!({"gate": {"silent": "100%", "reports": "10%"}}),
    })
}

fn do_step(world: &mut World, step: &Step, started: &mut u32) {
    let by = world.by();
    let change = |world: &mut World, done: Result<command::Done, String>| {
        if let Ok(done) = done {
            world.document = done.document;
        }
    };
    match step {
        Step::Tick(minutes) => {
            world.after(*minutes);
            world.advance(false);
        }
        Step::Report(node, failed) => world.report(&format!("n{node}"), *failed),
        Step::Work => world.work(),
        Step::Duplicate(node) => {
            let task = world.tasks.get(*node).cloned();
            world.tasks.extend(task);
        }
        Step::NewFacts(node) => {
            let node = certname(&format!("n{node}"));
            *world.facts.get_mut(&node).unwrap() += 1;
            world.task(&node, Cause::Facts);
        }
        Step::NewNode(node) => {
            let node = certname(&format!("late{node}"));
            world.facts.entry(node.clone()).or_insert(1);
            world.task(&node, Cause::Request);
        }
        Step::Start(number) => {
            *started += 1;
            let _ = world.start(&format!("r{started}"), a_plan(*number));
        }
        Step::Push(number) => {
            let pushed = EnvironmentDoc::advance(
                Some(&world.document),
                release(&format!("p{number}")),
                None,
                world.now,
            );
            if let Some(pushed) = pushed {
                world.document = pushed;
                world.everybody(Cause::Push {
                    upload: "u".to_owned(),
                });
            }
        }
        Step::Pin(node) => {
            let node = certname(&format!("n{node}"));
            let release = world.document.aim(&node, world.pointers.get(&node)).release;
            world.document = command::pin(&world.document, &node, release, by);
        }
        Step::Unpin(node) => {
            let node = certname(&format!("n{node}"));
            if let Some(next) = command::unpin(&world.document, &node, by) {
                world.document = next;
                world.task(&node, Cause::Manual);
            }
        }
        Step::Pause => change(world, command::pause(&world.document, "wait", by)),
        Step::Resume => change(world, command::resume(&world.document, by)),
        Step::Abort => change(world, command::abort(&world.document, None, by)),
        Step::Undo => change(world, command::undo(&world.document, by)),
    }
}

/// Where a node stands, and where it is to be.
fn positions(world: &World) -> BTreeMap<Certname, (u64, u64)> {
    let position = |name: &Certname| {
        let pointer = world.pointers.get(name);
        let at = pointer.map_or(0, |pointer| pointer.sequence);
        (
            name.clone(),
            (at, world.document.aim(name, pointer).sequence),
        )
    };
    world.facts.keys().map(position).collect()
}

fn opened(world: &World) -> BTreeMap<String, Vec<(StagePlan, Timestamp)>> {
    let stages = |rollout: &Rollout| {
        let open = rollout.stages.iter();
        let open = open.filter_map(|stage| Some((stage.plan.clone(), stage.opened_at?)));
        (rollout.name.clone(), open.collect())
    };
    world.document.rollouts.iter().map(stages).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_node_goes_back_and_open_stages_stay_open(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut world = World::new(6);
        let mut started = 0;
        for step in steps {
            let (before, open) = (positions(&world), opened(&world));
            do_step(&mut world, &step, &mut started);
            for (name, (at, aim)) in positions(&world) {
                prop_assert!(at <= aim, "{name} is beyond where it is to be");
                if let Some((at_before, aim_before)) = before.get(&name) {
                    prop_assert!(at >= *at_before, "{name} went back by {step:?}");
                    prop_assert!(aim >= *aim_before, "{name} is to go back by {step:?}");
                }
            }
            let active = world.document.rollouts.iter().filter(|rollout| rollout.state.is_active());
            prop_assert!(active.count() <= 1);
            let now_open = opened(&world);
            for rollout in &world.document.rollouts {
                let stages = &now_open[&rollout.name];
                // They open in their order, once, and within windows only.
                prop_assert_eq!(stages.len(), rollout.opened());
                prop_assert!(stages.is_sorted_by_key(|(_, at)| *at));
                prop_assert!(stages.iter().all(|(_, at)| rollout.plan.is_open(*at)));
                let former = open.get(&rollout.name).map(Vec::as_slice).unwrap_or_default();
                prop_assert!(stages.starts_with(former), "a stage of {} closed", rollout.name);
            }
            // Whose turn came first, came in first.
            let begun: Vec<Timestamp> = world.document.rollouts.iter().filter_map(|rollout| rollout.began_at).collect();
            prop_assert!(begun.is_sorted());
        }
    }

    #[test]
    fn whatever_happened_all_nodes_come_to_the_release_in_the_end(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let mut world = World::new(6);
        let mut started = 0;
        for step in steps {
            do_step(&mut world, &step, &mut started);
        }
        for _ in 0..200 {
            world.work();
            for name in world.facts.keys().map(ToString::to_string).collect::<Vec<_>>() {
                world.report(&name, false);
            }
            let waits = world.advance(true);
            world.work();
            if waits == Wait::Nothing {
                break;
            }
            if let Ok(done) = command::resume(&world.document, world.by()) {
                world.document = done.document;
            }
            world.after(60 * 5);
        }
        prop_assert_eq!(world.advance(true), Wait::Nothing);
        for name in world.facts.keys().map(ToString::to_string).collect::<Vec<_>>() {
            let node = certname(&name);
            let expected = world.document.pins.get(&node).map_or(world.document.release, |pin| pin.release);
            prop_assert_eq!(world.served(&name), expected);
            let pointer = &world.pointers[&node];
            prop_assert!(pointer.release == Some(expected) || pointer.of_release(expected).holds_for(expected));
        }
    }
}
