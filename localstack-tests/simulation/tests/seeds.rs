//! Many small fleets, each with its own weather.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bunraku_simulation::{Fault, Scenario, live};

/// How many minutes of a fleet's life are tried.
const SEEDS: u64 = 2_000;

#[test]
fn two_thousand_minutes_of_fleets_break_no_promise() {
    let next = AtomicU64::new(0);
    let faults = Mutex::new(BTreeMap::<Fault, u64>::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let run = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= SEEDS {
            return;
        }
        let scenario = Scenario::of_seed(seed);
        match live(&scenario) {
            Ok(report) => {
                let mut faults = faults.lock().unwrap();
                for (fault, count) in report.faults {
                    *faults.entry(fault).or_default() += count;
                }
            }
            Err(violation) => panic!("{violation}\nagain with: {scenario}"),
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let faults = faults.into_inner().unwrap();
    for fault in Fault::ALL {
        let count = faults.get(&fault).copied().unwrap_or(0);
        println!("{:<20} {count}", fault.as_str());
        assert!(count > 0, "no {} in any run", fault.as_str());
    }
}

#[test]
fn a_seed_is_the_same_run_again() {
    for seed in [1, 2, 7] {
        let scenario = Scenario::of_seed(seed);
        assert_eq!(live(&scenario), live(&scenario), "{scenario}");
    }
}
