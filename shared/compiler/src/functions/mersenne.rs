//! Ruby's `Random.new(seed).rand(max)`: MT19937 seeded with a big integer, and its way to a bounded number.

use rand_mt::Mt;

/// The first number below `bound` of the generator whose seed is the big-endian number `seed`.
///
/// Ruby seeds with the 32-bit words of the number, least significant first, without leading zero words
/// (`rand_init` in random.c), and draws as `limited_rand` does.
pub(super) fn draw(seed: &[u8], bound: u64) -> u64 {
    let mut words: Vec<u32> = seed
        .rchunks(4)
        .map(|chunk| {
            chunk
                .iter()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte))
        })
        .collect();
    while words.len() > 1 && words.last() == Some(&0) {
        words.pop();
    }
    let mut generator = match words.as_slice() {
        [word] => Mt::new(*word),
        words => Mt::new_with_key(words.iter().copied()),
    };
    limited(&mut generator, bound - 1)
}

/// A number from 0 to `limit`, drawn bit by bit and again when it is too large.
fn limited(generator: &mut Mt, limit: u64) -> u64 {
    if limit == 0 {
        return 0;
    }
    let mask = u64::MAX >> limit.leading_zeros();
    'retry: loop {
        let mut value = 0_u64;
        for word in [1_u32, 0] {
            let shift = word * 32;
            if (mask >> shift) & 0xffff_ffff == 0 {
                continue;
            }
            value |= u64::from(generator.next_u32()) << shift;
            value &= mask;
            if limit < value {
                continue 'retry;
            }
        }
        return value;
    }
}

#[cfg(test)]
mod tests {
    use super::draw;

    /// Seed (hexadecimal), bound, and the number that Ruby draws.
    const RECORDED: &[(&str, u64, u64)] = &[
        ("0cc175b9c0f1b6a831c399e269772661", 60, 31),
        ("92eb5ffee6ae2fec3ad71c777531578f", 30, 10),
        ("eac019fc15ddd63a65b227be3c3e2b8a", 59, 0),
        ("9dd4e461268c8034f5c8564e155c67a6", 1, 0),
        ("415290769594460e2e485922904f345d", 2, 0),
        ("fbade9e36a3f36d3d676c1b808451dd7", 4294967296, 2921303019),
        ("f1290186a5d0b1ceab27f4e77c0c5d68", 4294967297, 2306548782),
        (
            "9e3669d19b675bd57058fd4664205d2a",
            10000000000000,
            9538205101155,
        ),
        ("00000000000000000000000000000005", 1000, 867),
        ("0000000000000000ffffffffffffffff", 1000, 638),
    ];

    /// Recorded from Ruby 3.1: `Random.new(seed).rand(max)`.
    #[test]
    fn numbers_are_those_of_ruby() {
        RECORDED.iter().for_each(|(seed, bound, expected)| {
            assert_eq!(
                draw(&hex::decode(seed).unwrap(), *bound),
                *expected,
                "{seed} {bound}"
            );
        });
    }
}
