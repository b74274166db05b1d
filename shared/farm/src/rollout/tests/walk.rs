use super::*;

fn three_stages() -> Plan {
    plan(json!({
        "stages": [
            {"name": "canary", "certname": "n0", "hold": "1h"},
            {"percent": 50, "hold": "1h"},
        ],
        "gate": {"reports": 0, "silent": "100%"},
    }))
}

#[test]
fn a_release_comes_stage_by_stage_and_is_that_of_all_in_the_end() {
    let mut world = World::new(10);
    world.start("new", three_stages()).unwrap();
    let first = world.now + SignedDuration::from_hours(1);
    assert_eq!(world.advance(true), Wait::Hold(first));
    assert_eq!(
        (world.count("new"), world.served("n0")),
        (1, release("new"))
    );
    world.after(59);
    assert_eq!(world.advance(true), Wait::Hold(first));
    world.after(1);
    world.advance(true);
    // The canary may be among the half.
    assert!((5..=6).contains(&world.count("new")));
    world.after(60);
    assert_eq!(world.advance(true), Wait::Nothing);
    assert_eq!(world.count("new"), 10);
    assert_eq!(world.document.release, release("new"));
    assert_eq!(world.document.previous, Some(release("old")));
    let rollout = &world.document.rollouts[0];
    assert_eq!(rollout.state, RolloutState::Done);
    assert_eq!(world.document.history[0].sequence, rollout.sequence);
    let lines: Vec<&str> = rollout.log.iter().map(|line| line.what.as_str()).collect();
    assert!(lines[0].starts_with("asked for release"), "{lines:?}");
    assert!(
        lines[2].contains("opened stage 1 (canary), 1 nodes"),
        "{lines:?}"
    );
}

#[test]
fn a_stage_waits_for_its_catalogs_and_is_served_as_soon_as_it_is_open() {
    let mut world = World::new(4);
    world.start("new", three_stages()).unwrap();
    assert_eq!(world.advance(false), Wait::Catalogs(1));
    world.after(1);
    assert_eq!(world.advance(false), Wait::Catalogs(1));
    // Asked once more, since a task may be lost.
    world.after(10);
    let before = world.tasks.len();
    world.advance(false);
    assert_eq!(world.tasks.len(), before + 1);
    world.work();
    assert_eq!(world.count("new"), 0);
    world.advance(false);
    // No worker has done anything since it opened.
    assert_eq!(world.served("n0"), release("new"));
    assert_ne!(
        world.pointers[&certname("n0")].release,
        Some(release("new"))
    );
    world.work();
    let pointer = &world.pointers[&certname("n0")];
    assert_eq!(pointer.release, Some(release("new")));
    assert_eq!(
        pointer.aside.as_ref().unwrap().release,
        Some(release("old"))
    );
}

#[test]
fn failed_runs_pause_it_and_one_command_takes_it_back_at_once() {
    let mut world = World::new(10);
    world.start("new", three_stages()).unwrap();
    world.start("next", Plan::default()).unwrap();
    world.advance(true);
    world.after(5);
    for node in 0..10 {
        world.report(&format!("n{node}"), node == 0);
    }
    assert_eq!(world.advance(true), Wait::Resume);
    let rollout = world.document.rollout().unwrap();
    let RolloutState::Paused { by_gate: true, why } = &rollout.state else {
        panic!("{:?}", rollout.state);
    };
    assert!(
        why.starts_with("1 of 1 nodes with the release failed"),
        "{why}"
    );
    world.after(600);
    assert_eq!(world.advance(true), Wait::Resume);
    assert_eq!(world.served("n0"), release("new"));
    let done = command::undo(&world.document, world.by()).unwrap();
    world.document = done.document;
    // Before any worker has done anything.
    assert_eq!(world.served("n0"), release("old"));
    // What waited behind it waits for a person.
    assert_eq!(world.advance(true), Wait::Release);
    assert_eq!(world.count("old"), 10);
    assert_eq!(
        world.pointers[&certname("n0")].release,
        Some(release("old"))
    );
    world.document = command::resume(&world.document, world.by())
        .unwrap()
        .document;
    assert!(matches!(world.advance(true), Wait::Hold(_)));
    assert_eq!(world.count("next"), 1);
}

#[test]
fn what_fails_everywhere_is_not_the_releases_fault() {
    let mut world = World::new(10);
    world.start("new", three_stages()).unwrap();
    world.advance(true);
    world.after(5);
    for node in 0..10 {
        world.report(&format!("n{node}"), true);
    }
    assert!(matches!(world.advance(true), Wait::Hold(_)));
}

#[test]
fn nodes_that_fall_silent_pause_it_and_a_person_may_have_it_go_on() {
    let mut world = World::new(4);
    let mut plan = three_stages();
    plan.gate.silent = "10%".parse().unwrap();
    world.start("new", plan).unwrap();
    world.advance(true);
    for _ in 0..3 {
        world.after(50);
        for node in 1..4 {
            world.report(&format!("n{node}"), false);
        }
        if world.document.rollout().unwrap().opened() == 1 {
            world.advance(false);
        }
    }
    assert_eq!(world.advance(true), Wait::Resume);
    world.document = command::resume(&world.document, world.by())
        .unwrap()
        .document;
    assert_ne!(world.advance(true), Wait::Resume);
}

#[test]
fn a_release_that_does_not_compile_never_opens_unless_a_person_wants_it() {
    let mut world = World::new(4);
    world.broken.insert(release("new"));
    world.start("new", three_stages()).unwrap();
    assert_eq!(world.advance(true), Wait::Resume);
    assert_eq!(world.count("old"), 4);
    world.document = command::resume(&world.document, world.by())
        .unwrap()
        .document;
    world.advance(true);
    assert_eq!(world.document.rollout().unwrap().opened(), 1);
    // It keeps its last good catalog, and the failure stands beside it.
    let pointer = &world.pointers[&certname("n0")];
    assert!(pointer.holds_for(release("old")) && pointer.failure.is_some());
}

#[test]
fn a_stage_by_hand_waits_for_a_person() {
    let mut world = World::new(2);
    let plan = plan(json!({"stages": [{"by_hand": true}], "gate": {"reports": 0}}));
    world.start("new", plan).unwrap();
    assert_eq!(world.advance(true), Wait::Hand);
    world.document = command::resume(&world.document, world.by())
        .unwrap()
        .document;
    assert_eq!(world.advance(true), Wait::Nothing);
    assert_eq!(world.count("new"), 2);
    assert!(command::resume(&world.document, world.by()).is_err());
}

#[test]
fn reports_are_waited_for() {
    let mut world = World::new(2);
    let plan = plan(json!({"stages": [{"certname": "n0"}], "gate": {"reports": "100%"}}));
    world.start("new", plan).unwrap();
    assert_eq!(world.advance(true), Wait::Reports(1));
    world.after(1);
    world.report("n1", false);
    assert_eq!(world.advance(true), Wait::Reports(1));
    world.report("n0", false);
    assert_eq!(world.advance(true), Wait::Nothing);
}

#[test]
fn stages_open_within_windows_only() {
    let mut world = World::new(2);
    let plan = plan(json!({
        "stages": [{"certname": "n0"}],
        "gate": {"reports": 0},
        "windows": [{"days": "mon-fri", "from": "09:00", "to": "10:00"}],
    }));
    world.start("new", plan).unwrap();
    let nine = world.now + SignedDuration::from_hours(9);
    assert_eq!(world.advance(true), Wait::Calendar(Some(nine)));
    world.after(9 * 60);
    assert_eq!(world.advance(true), Wait::Nothing);
}

#[test]
fn new_nodes_get_the_old_release_or_the_new_one_as_the_plan_says() {
    for (rule, expected) in [("old", "old"), ("new", "new")] {
        let mut world = World::new(4);
        let mut plan = three_stages();
        plan.new_nodes = serde_json::from_value(json!(rule)).unwrap();
        world.start("new", plan).unwrap();
        world.advance(true);
        let late = certname("late");
        world.facts.insert(late.clone(), 1);
        world.task(&late, Cause::Request);
        world.work();
        assert_eq!(world.served("late"), release(expected));
        for _ in 0..2 {
            world.after(60);
            world.advance(true);
        }
        assert_eq!(world.served("late"), release("new"));
    }
}

#[test]
fn a_pinned_node_stays_until_it_is_unpinned() {
    let mut world = World::new(4);
    world.document = command::pin(&world.document, &certname("n1"), release("old"), world.by());
    world
        .start("new", plan(json!({"stages": [{}], "gate": {"reports": 0}})))
        .unwrap();
    assert_eq!(world.advance(true), Wait::Nothing);
    assert_eq!(
        (world.served("n1"), world.count("new")),
        (release("old"), 3)
    );
    world.document = command::unpin(&world.document, &certname("n1"), world.by()).unwrap();
    world.task(&certname("n1"), Cause::Manual);
    world.work();
    assert_eq!(world.count("new"), 4);
    assert_eq!(
        command::unpin(&world.document, &certname("n1"), world.by()),
        None
    );
}

#[test]
fn a_node_that_is_unpinned_in_an_open_stage_is_where_the_others_of_the_stage_are() {
    let mut world = World::new(4);
    world.start("new", three_stages()).unwrap();
    assert_eq!(world.advance(false), Wait::Catalogs(1));
    world.document = command::pin(&world.document, &certname("n0"), release("old"), world.by());
    assert!(matches!(world.advance(false), Wait::Hold(_)));
    world.work();
    assert_eq!(world.served("n0"), release("old"));
    world.document = command::unpin(&world.document, &certname("n0"), world.by()).unwrap();
    assert_eq!(world.served("n0"), release("new"));
}

#[test]
fn one_that_is_done_can_be_taken_back_and_one_that_waits_can_be_ended() {
    let mut world = World::new(3);
    world
        .start("new", plan(json!({"stages": [{}], "gate": {"reports": 0}})))
        .unwrap();
    world
        .start("behind", plan(json!({"stages": [{"by_hand": true}]})))
        .unwrap();
    assert_eq!(world.advance(true), Wait::Hand);
    let done = command::abort(&world.document, Some("behind"), world.by()).unwrap();
    assert!(done.what.contains("before any node"), "{}", done.what);
    world.document = done.document;
    assert_eq!(world.count("new"), 3);
    world.document = command::undo(&world.document, world.by()).unwrap().document;
    assert_eq!(world.advance(true), Wait::Nothing);
    assert_eq!(world.count("old"), 3);
    let again = command::undo(&world.document, world.by()).unwrap_err();
    assert!(again.contains("no rollout to undo"), "{again}");
    assert!(command::start(&world.document, asked("old"), world.by()).is_err());
}

#[test]
fn one_that_is_done_is_not_ended_by_its_name_while_another_goes_on() {
    let mut world = World::new(3);
    let at_once = plan(json!({"stages": [{}], "gate": {"reports": 0}}));
    world.start("first", at_once).unwrap();
    assert_eq!(world.advance(true), Wait::Nothing);
    world
        .start("second", plan(json!({"stages": [{"by_hand": true}]})))
        .unwrap();
    assert_eq!(world.advance(true), Wait::Hand);
    let refused = command::abort(&world.document, Some("first"), world.by()).unwrap_err();
    assert!(refused.contains("rollout first is done"), "{refused}");
}

#[test]
fn what_was_made_from_a_release_that_is_taken_back_does_not_bring_it_in_again() {
    let made_from = |name: &str, base: &str| Asked {
        made_from: Some(release(base)),
        name: Some(name.to_owned()),
        ..asked(name)
    };
    let states = |document: &EnvironmentDoc| {
        let word = |rollout: &Rollout| (rollout.name.clone(), rollout.state.word());
        document.rollouts.iter().map(word).collect::<Vec<_>>()
    };
    let mut world = World::new(3);
    world.start("new", three_stages()).unwrap();
    world.advance(true);
    for asked in [
        made_from("published", "new"),
        made_from("again", "published"),
        Asked {
            name: Some("code".to_owned()),
            ..asked("code")
        },
    ] {
        world.document = command::start(&world.document, asked, world.by())
            .unwrap()
            .document;
    }
    let undone = command::undo(&world.document, world.by()).unwrap();
    let ended = |name: &str| (name.to_owned(), "aborted");
    assert_eq!(
        states(&undone.document),
        [
            ("new".to_owned(), "undone"),
            ended("published"),
            ended("again"),
            ("code".to_owned(), "held"),
        ]
    );
    assert!(undone.what.contains("rollout published"), "{}", undone.what);
    let log = &undone.document.rollouts[1].log;
    let why = &log.last().unwrap().what;
    assert!(why.contains("rollout new was undone"), "{why}");

    // Ended by its name it takes along what was made from it, and no more.
    let aborted = command::abort(&world.document, Some("published"), world.by()).unwrap();
    assert_eq!(
        states(&aborted.document)[1..],
        [
            ended("published"),
            ended("again"),
            ("code".to_owned(), "queued")
        ]
    );
}

#[test]
fn what_was_made_from_a_release_comes_after_it_and_not_over_a_later_push() {
    let mut world = World::new(3);
    let all_at_once = || plan(json!({"gate": {"reports": 0}, "stages": [{"percent": 100}]}));
    world.start("new", all_at_once()).unwrap();
    let published = Asked {
        made_from: Some(release("new")),
        plan: all_at_once(),
        ..asked("published")
    };
    world.document = command::start(&world.document, published, world.by())
        .unwrap()
        .document;
    let mut held = world.document.clone();
    world.advance(true);
    assert_eq!(world.count("published"), 3);

    for rollout in &mut held.rollouts {
        rollout.state = RolloutState::Queued { held: true };
    }
    let pushed = EnvironmentDoc::advance(Some(&held), release("fix"), None, world.now).unwrap();
    let waiting = pushed.rollouts.iter().map(|rollout| rollout.state.word());
    assert_eq!(waiting.collect::<Vec<_>>(), ["held", "held"]);
    held.rollouts.remove(0);
    let pushed = EnvironmentDoc::advance(Some(&held), release("fix"), None, world.now).unwrap();
    assert_eq!(pushed.rollouts[0].state.word(), "aborted");
}

fn asked(name: &str) -> Asked {
    Asked {
        name: None,
        release: release(name),
        upload: None,
        made_from: None,
        settings: SiteSettings::default(),
        plan: Plan::default(),
    }
}

#[test]
fn a_push_does_nothing_while_one_goes_on() {
    let mut world = World::new(3);
    world.start("new", three_stages()).unwrap();
    world.advance(true);
    let push = |document: &EnvironmentDoc, at| {
        EnvironmentDoc::advance(Some(document), release("fix"), None, at)
    };
    assert_eq!(push(&world.document, world.now), None);
    world.document = command::abort(&world.document, None, world.by())
        .unwrap()
        .document;
    let pushed = push(&world.document, world.now).unwrap();
    assert!(pushed.sequence > world.document.sequence);
}

#[test]
fn shares_grow_with_their_percentage_and_no_node_is_in_two_stages() {
    let stage = |percent: &str| StagePlan {
        percent: Some(percent.parse().unwrap()),
        ..StagePlan::default()
    };
    let fleet: Vec<Candidate> = (0..200)
        .map(|number| Candidate {
            certname: certname(&format!("n{number}")),
            matches: vec![true; 4],
        })
        .collect();
    let stages = ["1", "10", "50", "100"].map(stage);
    let found = members(&stages, &fleet);
    let sizes: Vec<usize> = found.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 18, 80, 100]);
    // Alone, a greater share has all the nodes of the smaller one.
    let tenth = members(&stages[1..2], &fleet).remove(0);
    assert!(found[0].iter().all(|node| tenth.contains(node)));
    let all: BTreeSet<&Certname> = found.iter().flatten().collect();
    assert_eq!(all.len(), 200);
}
