use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::EnvironmentName;
use crate::messages::Lane;

const COMPILER: &str = "native 0.1.0";

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn node() -> Certname {
    Certname::parse("web1").unwrap()
}

fn environment(sequence: u64) -> EnvironmentDoc {
    let mut doc = EnvironmentDoc::advance(None, release(sequence), None, at()).unwrap();
    doc.sequence = sequence;
    doc
}

fn release(sequence: u64) -> Digest {
    Digest::of(format!("release {sequence}"))
}

fn facts(generation: u64) -> FactsDoc {
    let json = json!({"certname": "web1", "values": {}, "timestamp": at(), "generation": generation,
        "digest": Digest::of(generation.to_string()), "environment": "production"});
    serde_json::from_value(json).unwrap()
}

fn task(sequence: u64, cause: Cause) -> CompileTask {
    CompileTask {
        environment: EnvironmentName::parse("production").unwrap(),
        certname: node(),
        release: release(sequence),
        sequence,
        lane: Lane::Normal,
        cause,
        enqueued_at: at(),
    }
}

fn target(sequence: u64, generation: u64) -> Target {
    Target {
        certname: node(),
        release: release(sequence),
        sequence,
        facts_digest: Some(Digest::of(generation.to_string())),
        facts_generation: generation,
        pool_generation: None,
        place: None,
        keeps_former: false,
    }
}

/// The same by a node that collected from a pool.
fn collecting(target: Target, pool: u64) -> Target {
    Target {
        pool_generation: Some(pool),
        ..target
    }
}

fn compiled(text: &str) -> Outcome {
    Outcome::Compiled {
        catalog: CatalogRef {
            digest: Digest::of(text),
            plain_digest: None,
            size: 1,
        },
        classes: vec!["settings".to_owned()],
        trace: TraceDocument::default(),
        exports: None,
        duration_ms: 5,
        compiler: COMPILER.to_owned(),
    }
}

fn decide_for(pointer: Option<&Pointer>, sequence: u64, generation: u64, cause: Cause) -> Decision {
    decide(&Situation {
        task: &task(sequence, cause),
        environment: Some(&environment(sequence)),
        pointer,
        facts: Some(&facts(generation)),
        pool: None,
        compiler: COMPILER,
    })
}

fn by_code(pointer: Option<&Pointer>, sequence: u64, cause: Cause) -> ByCode {
    let task = task(sequence, cause);
    decide_by_code(&task, &environment(sequence), pointer, None, COMPILER)
}

fn pushed() -> Cause {
    Cause::Push { upload: "u".into() }
}

#[test]
fn a_push_needs_the_facts_only_when_the_catalog_can_no_longer_hold() {
    let pointer = swing(None, &target(1, 7), &compiled("c"), at()).unwrap();
    let unread = Target {
        facts_digest: None,
        ..target(2, 7)
    };
    assert_eq!(
        by_code(Some(&pointer), 2, pushed()),
        ByCode::Verify(unread.clone())
    );
    assert_eq!(by_code(Some(&pointer), 1, pushed()), ByCode::UpToDate);
    let verified = Outcome::Verified(Digest::of("c"));
    let moved = swing(Some(&pointer), &unread, &verified, at()).unwrap();
    assert!(moved.holds_for(release(2)));
    assert_eq!(
        (moved.facts_digest, moved.facts_generation),
        (pointer.facts_digest, 7)
    );

    let mut other = pointer.clone();
    other.compiler = "native 0.0.9".to_owned();
    let failed = Outcome::Failed("no".into());
    let failed = swing(Some(&pointer), &target(2, 7), &failed, at()).unwrap();
    for (pointer, cause) in [
        (None, pushed()),
        (Some(&other), pushed()),
        (Some(&failed), pushed()),
        (Some(&pointer), Cause::Request),
        (Some(&pointer), Cause::Facts),
        (Some(&pointer), Cause::Manual),
    ] {
        assert_eq!(by_code(pointer, 3, cause), ByCode::ReadFacts);
    }
    // Facts that came meanwhile are not passed over.
    let newer = swing(Some(&pointer), &target(1, 8), &verified, at()).unwrap();
    for current in [&newer, &failed] {
        assert_eq!(swing(Some(current), &unread, &verified, at()), None);
    }
}

#[test]
fn a_node_without_a_catalog_is_compiled() {
    let decision = decide_for(None, 1, 1, Cause::Facts);
    assert_eq!(
        decision,
        Decision::Compile(target(1, 1), CompileReason::NoCatalog)
    );
}

#[test]
fn a_repeated_task_finds_the_pointer_up_to_date() {
    let pointer = swing(None, &target(1, 1), &compiled("c"), at()).unwrap();
    assert!(pointer.holds_for(release(1)));
    let decision = decide_for(Some(&pointer), 1, 1, Cause::Facts);
    assert_eq!(decision, Decision::Skip(SkipReason::UpToDate));
    assert_eq!(
        swing(Some(&pointer), &target(1, 1), &compiled("c"), at()),
        None
    );
}

#[test]
fn a_new_release_or_new_facts_make_the_trace_be_verified() {
    let pointer = swing(None, &target(1, 1), &compiled("c"), at()).unwrap();
    assert_eq!(
        decide_for(Some(&pointer), 2, 1, Cause::Facts),
        Decision::Verify(target(2, 1))
    );
    assert_eq!(
        decide_for(Some(&pointer), 1, 2, Cause::Facts),
        Decision::Verify(target(1, 2))
    );
    let verified = Outcome::Verified(Digest::of("c"));
    let moved = swing(Some(&pointer), &target(2, 1), &verified, at()).unwrap();
    assert!(moved.holds_for(release(2)) && moved.compiled_at == pointer.compiled_at);
    let other = Outcome::Verified(Digest::of("other"));
    assert_eq!(swing(Some(&pointer), &target(2, 1), &other, at()), None);
}

#[test]
fn a_late_task_does_the_work_of_the_current_release() {
    let situation = Situation {
        task: &task(3, Cause::Facts),
        environment: Some(&environment(5)),
        pointer: None,
        facts: Some(&facts(1)),
        pool: None,
        compiler: COMPILER,
    };
    assert_eq!(
        decide(&situation),
        Decision::Compile(target(5, 1), CompileReason::NoCatalog)
    );
}

#[test]
fn a_failure_keeps_the_last_good_catalog_and_is_not_repeated_unless_asked_for() {
    let good = swing(None, &target(1, 1), &compiled("c"), at()).unwrap();
    let failed = swing(
        Some(&good),
        &target(2, 1),
        &Outcome::Failed("no".into()),
        at(),
    )
    .unwrap();
    assert!(failed.holds_for(release(1)) && failed.sequence == 2);
    assert_eq!(failed.failure.as_ref().unwrap().error, "no");
    let decision = decide_for(Some(&failed), 2, 1, Cause::Facts);
    assert_eq!(decision, Decision::Skip(SkipReason::FailedAlready));
    for (generation, cause) in [(1, Cause::Request), (1, Cause::Manual), (2, Cause::Facts)] {
        let decision = decide_for(Some(&failed), 2, generation, cause);
        assert!(matches!(decision, Decision::Verify(_)), "{decision:?}");
    }
    let healed = swing(Some(&failed), &target(2, 1), &compiled("d"), at()).unwrap();
    assert!(healed.failure.is_none() && healed.holds_for(release(2)));
}

#[test]
fn another_compiler_compiles_anew_and_nothing_happens_without_facts_or_environment() {
    let mut pointer = swing(None, &target(1, 1), &compiled("c"), at()).unwrap();
    pointer.compiler = "native 0.0.9".to_owned();
    let decision = decide_for(Some(&pointer), 2, 1, Cause::Facts);
    assert_eq!(
        decision,
        Decision::Compile(target(2, 1), CompileReason::OtherCompiler)
    );
    let task = task(1, Cause::Request);
    let (here, known) = (environment(1), facts(1));
    let without = |environment, facts| {
        decide(&Situation {
            task: &task,
            environment,
            pointer: None,
            facts,
            pool: None,
            compiler: COMPILER,
        })
    };
    assert_eq!(
        without(None, Some(&known)),
        Decision::Skip(SkipReason::NoEnvironment)
    );
    assert_eq!(
        without(Some(&here), None),
        Decision::Skip(SkipReason::NoFacts)
    );
}

#[test]
fn a_node_that_collects_goes_with_the_pool_and_never_back() {
    let pointer = swing(None, &collecting(target(1, 1), 3), &compiled("c"), at()).unwrap();
    assert_eq!(pointer.pool_generation, Some(3));
    let decided = |pool, cause| {
        let environment = environment(1);
        let situation = Situation {
            task: &task(1, cause),
            environment: Some(&environment),
            pointer: Some(&pointer),
            facts: Some(&facts(1)),
            pool,
            compiler: COMPILER,
        };
        decide(&situation)
    };
    assert_eq!(
        decided(Some(3), Cause::Exports),
        Decision::Skip(SkipReason::UpToDate)
    );
    for cause in [Cause::Exports, Cause::Request, Cause::Facts, pushed()] {
        assert_eq!(decided(Some(4), cause), Decision::Verify(target(1, 1)));
    }
    let push = task(1, pushed());
    let by_code = |pool| decide_by_code(&push, &environment(1), Some(&pointer), pool, COMPILER);
    assert_eq!(by_code(Some(3)), ByCode::UpToDate);
    assert!(matches!(by_code(Some(4)), ByCode::Verify(_)));

    // A slow worker with the pool before writes nothing; one that asks no more does.
    let newer = swing(
        Some(&pointer),
        &collecting(target(1, 1), 4),
        &compiled("d"),
        at(),
    )
    .unwrap();
    let slow = collecting(target(1, 1), 3);
    assert_eq!(swing(Some(&newer), &slow, &compiled("c"), at()), None);
    let asks_no_more = swing(Some(&newer), &target(2, 1), &compiled("e"), at()).unwrap();
    assert_eq!(asks_no_more.pool_generation, None);
    // A failure with this pool is not repeated, and tried again with another.
    let error = Outcome::Failed("duplicate".into());
    let failed = swing(Some(&newer), &collecting(target(1, 1), 5), &error, at()).unwrap();
    let decided = |pool| {
        let environment = environment(1);
        decide(&Situation {
            task: &task(1, Cause::Exports),
            environment: Some(&environment),
            pointer: Some(&failed),
            facts: Some(&facts(1)),
            pool: Some(pool),
            compiler: COMPILER,
        })
    };
    assert_eq!(decided(5), Decision::Skip(SkipReason::FailedAlready));
    assert!(matches!(decided(6), Decision::Verify(_)));
}

#[test]
fn a_document_that_does_not_know_of_what_a_task_says_is_read_again() {
    let document = environment(5);
    let old = |task: &CompileTask| may_be_old(task, &document, None);
    assert!(!old(&task(5, Cause::Request)) && !old(&task(4, pushed())));
    assert!(old(&task(6, Cause::Request)) && old(&task(5, Cause::Manual)));
    // The node was pinned since, or is no longer.
    let mut other = task(5, Cause::Request);
    other.release = release(4);
    assert!(old(&other));
    // A stage of a rollout that this one does not know of.
    assert!(old(&task(6, Cause::Stage { stage: 0 })));
}

/// What is aside for a stage that is to open at sequence 2.
fn staged(current: Option<&Pointer>) -> Pointer {
    let place = Place {
        sequence: 2,
        stage: 0,
    };
    let target = Target {
        place: Some(place),
        keeps_former: true,
        ..target(2, 1)
    };
    swing(current, &target, &compiled("new"), at()).unwrap()
}

#[test]
fn who_does_not_know_of_a_rollout_yet_leaves_what_was_made_for_its_stages() {
    let aside = |pointer: &Pointer| pointer.aside.as_ref().map(|aside| aside.sequence);
    // A compile that began before the rollout ends after the stage's.
    let first = swing(Some(&staged(None)), &target(1, 1), &compiled("old"), at()).unwrap();
    assert_eq!((first.sequence, aside(&first)), (1, Some(2)));
    let facts = swing(Some(&first), &target(1, 2), &compiled("facts"), at()).unwrap();
    assert_eq!((facts.facts_generation, aside(&facts)), (2, Some(2)));
    // Nor does what a pinned node leaves take its place.
    let pinned = Target {
        release: release(0),
        keeps_former: true,
        ..target(1, 2)
    };
    let pinned = swing(Some(&facts), &pinned, &compiled("pinned"), at()).unwrap();
    assert_eq!(
        (pinned.release, aside(&pinned)),
        (Some(release(0)), Some(2))
    );
    // It goes with the first release behind it.
    let next = swing(Some(&pinned), &target(3, 2), &compiled("next"), at()).unwrap();
    assert_eq!(aside(&next), None);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        "[ab]".prop_map(|text| compiled(&text)),
        "[ab]".prop_map(|text| Outcome::Verified(Digest::of(text))),
        Just(Outcome::Failed("no".to_owned())),
    ]
}

proptest! {
    /// Workers may write in any order, late and twice: a pointer never goes back.
    #[test]
    fn positions_only_grow_and_a_good_catalog_is_never_lost(
        attempts in proptest::collection::vec((0..4_u64, 0..3_u64, outcome()), 1..20)
    ) {
        let mut pointer: Option<Pointer> = None;
        for (sequence, generation, outcome) in attempts {
            let target = target(sequence, generation);
            let Some(next) = swing(pointer.as_ref(), &target, &outcome, at()) else { continue };
            if let Some(before) = &pointer {
                prop_assert!((next.sequence, next.facts_generation) >= (before.sequence, before.facts_generation));
                prop_assert!(before.catalog.is_none() || next.catalog.is_some());
            }
            // Writing the same once more changes nothing.
            prop_assert_eq!(swing(Some(&next), &target, &outcome, at()), None);
            prop_assert_eq!(next.catalog.is_some(), next.release.is_some());
            pointer = Some(next);
        }
    }

    /// Whatever the newest attempt is, once it was written no older one changes anything.
    #[test]
    fn after_the_newest_position_older_ones_write_nothing(
        older in proptest::collection::vec((0..4_u64, 0..3_u64, outcome()), 1..10)
    ) {
        let newest = swing(None, &target(4, 3), &compiled("newest"), at()).unwrap();
        for (sequence, generation, outcome) in older {
            prop_assert_eq!(swing(Some(&newest), &target(sequence, generation), &outcome, at()), None);
        }
    }
}
