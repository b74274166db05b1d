//! Which facts change by themselves.
//!
//! The names are those of Facter 2 to 5, structured and legacy ones. A fact that a site's own code
//! brings (`*_timestamp`) is judged by its name only; whatever is taken for stable wrongly costs
//! writes, whatever is taken for volatile wrongly is still caught by the trace of the catalog.

/// Facts that are volatile whole, at the top.
const WHOLE: &[&str] = &[
    "load_averages",
    "system_uptime",
    "uptime",
    "uptime_days",
    "uptime_hours",
    "uptime_seconds",
    "timestamp",
    "_timestamp",
    "last_run",
    "lastrun",
    "current_time",
    "date",
    "time",
    "epoch",
    "unixtime",
    "processes",
    "logged_in_users",
    "memoryfree",
    "memoryfree_mb",
    "swapfree",
    "swapfree_mb",
];

/// Numbers that move, by the last part of their path, under a fact of the top.
const COUNTERS: &[(&str, &[&str])] = &[
    (
        "memory",
        &[
            "available",
            "available_bytes",
            "used",
            "used_bytes",
            "capacity",
            "free",
            "free_bytes",
        ],
    ),
    (
        "mountpoints",
        &[
            "available",
            "available_bytes",
            "used",
            "used_bytes",
            "capacity",
            "free",
            "free_bytes",
        ],
    ),
    ("disks", &["used", "used_bytes", "free", "free_bytes"]),
    ("partitions", &["used", "used_bytes", "free", "free_bytes"]),
    ("zfs", &["available", "used", "free"]),
    (
        "networking",
        &[
            "dhcp_lease",
            "lease_expires",
            "lease_obtained",
            "rx_bytes",
            "tx_bytes",
        ],
    ),
    ("processors", &["speed"]),
    ("hypervisors", &["uptime"]),
    // Clouds' metadata: credentials are renewed, maintenance is announced.
    (
        "ec2_metadata",
        &[
            "security-credentials",
            "identity-credentials",
            "events",
            "maintenance",
        ],
    ),
    (
        "gce",
        &["lastUpdated", "token", "tokens", "maintenanceEvent"],
    ),
    ("az_metadata", &["ScheduledEvents"]),
];

/// Ends of names at the top that say time.
const SUFFIXES: &[&str] = &[
    "_timestamp",
    "_uptime",
    "_last_run",
    "_lastrun",
    "_lease_expires",
    "_epoch",
];

/// Starts of names at the top that say time or load.
const PREFIXES: &[&str] = &["uptime_", "load_average_", "loadavg", "cpu_load"];

/// Whether the fact at `path` (`["memory", "system", "used"]`) changes from run to run without
/// anyone changing the node: times, loads, free space, leases. A volatile hash is volatile whole.
pub fn is_volatile(path: &[&str]) -> bool {
    let [top, rest @ ..] = path else { return false };
    let by_name = WHOLE.contains(top)
        || SUFFIXES.iter().any(|suffix| top.ends_with(suffix))
        || PREFIXES.iter().any(|prefix| top.starts_with(prefix));
    if by_name {
        return true;
    }
    let Some(last) = rest.last() else {
        return false;
    };
    COUNTERS
        .iter()
        .any(|(fact, names)| fact == top && names.contains(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volatile(path: &str) -> bool {
        is_volatile(&path.split('.').collect::<Vec<_>>())
    }

    #[test]
    fn times_loads_and_free_space_are_volatile() {
        for path in [
            "uptime",
            "uptime_seconds",
            "system_uptime",
            "system_uptime.days",
            "load_averages.1m",
            "memoryfree",
            "swapfree_mb",
            "memory.system.used_bytes",
            "memory.swap.capacity",
            "mountpoints./.available",
            "mountpoints./var/lib.used_bytes",
            "processors.speed",
            "site_build_timestamp",
        ] {
            assert!(volatile(path), "{path}");
        }
    }

    #[test]
    fn what_manifests_look_at_is_stable() {
        for path in [
            "os.family",
            "os.release.full",
            "memory.system.total_bytes",
            "memorysize",
            "mountpoints./.size_bytes",
            "mountpoints./.options",
            "networking.ip",
            "networking.interfaces.eth0.mac",
            "networking.dhcp",
            "ipaddress",
            "kernelrelease",
            "processors.count",
            "trusted",
            "timezone",
            "used",
            "role.used",
        ] {
            assert!(!volatile(path), "{path}");
        }
        assert!(!is_volatile(&[]));
    }
}
