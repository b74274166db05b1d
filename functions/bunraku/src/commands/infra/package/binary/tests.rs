use super::*;

const HEADERS: &str = "
/t/bunraku-plan:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libgcc_s.so.1
  NEEDED               libc.so.6
  NEEDED               ld-linux-x86-64.so.2
  GNU_HASH             0x0000000000000300

Version References:
  required from libgcc_s.so.1:
    0x09276060 0x00 12 GCC_3.3
  required from libc.so.6:
    0x09691972 0x00 08 GLIBC_2.3.4
    0x069691b4 0x00 07 GLIBC_2.34
";
const SYMBOLS: &str = "
DYNAMIC SYMBOL TABLE:
0000000000000000      DF *UND*\t0000000000000000 (GLIBC_2.34) __libc_start_main
0000000000000000  w   D  *UND*\t0000000000000000  Base        __gmon_start__
0000000000000000      DF *UND*\t0000000000000000 (GCC_3.3)    _Unwind_Backtrace
0000000000000000      DO *UND*\t0000000000000000  GLIBC_2.3.4 environ
0000000000001000 g    DF .text\t0000000000000010  Base        main
";

fn binary(headers: &str, symbols: &str) -> Binary {
    Binary {
        machine: Ok(Machine::X86_64),
        libraries: libraries(headers),
        needs: needs(headers, symbols),
    }
}

#[test]
fn a_binary_that_amazon_linux_can_run_has_no_problems() {
    let binary = binary(HEADERS, SYMBOLS);
    assert_eq!(
        binary.libraries,
        ["libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"]
    );
    assert_eq!(binary.highest_glibc().unwrap().to_string(), "2.34");
    assert_eq!(binary.problems("f", Machine::X86_64), Vec::<String>::new());
}

#[test]
fn versions_are_compared_as_numbers() {
    let headers = HEADERS.replace("GLIBC_2.34", "GLIBC_2.9");
    let symbols = SYMBOLS.replace("GLIBC_2.34", "GLIBC_2.9");
    let binary = binary(&headers, &symbols);
    assert_eq!(binary.highest_glibc().unwrap().to_string(), "2.9");
    assert!(binary.problems("f", Machine::X86_64).is_empty());
}

#[test]
fn a_newer_glibc_is_refused_with_symbol_and_limit() {
    let headers = HEADERS.replace("GLIBC_2.34", "GLIBC_2.38");
    let symbols = SYMBOLS.replace("(GLIBC_2.34) __libc_start_main", "(GLIBC_2.38) strlcpy");
    let problems = binary(&headers, &symbols).problems("bunraku-plan", Machine::X86_64);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("bunraku-plan: symbol strlcpy needs GLIBC_2.38; the limit is 2.34"),
        "{problems:?}"
    );
}

#[test]
fn a_feature_of_the_loader_that_no_symbol_names_is_refused_too() {
    let headers = HEADERS.replace("GLIBC_2.34", "GLIBC_ABI_DT_RELR");
    let problems = binary(&headers, "").problems("f", Machine::X86_64);
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("the binary needs GLIBC_ABI_DT_RELR")),
        "{problems:?}"
    );
}

#[test]
fn a_library_that_the_runtime_lacks_is_named() {
    let headers = HEADERS.replace("libgcc_s.so.1\n  NEEDED", "libssl.so.3\n  NEEDED");
    let problems = binary(&headers, SYMBOLS).problems("f", Machine::X86_64);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("libssl.so.3"), "{problems:?}");
}

#[test]
fn the_machine_is_read_from_the_header() {
    let header = |class: u8, order: u8, machine: u8| {
        let mut header = vec![0_u8; 64];
        header[..4].copy_from_slice(b"\x7fELF");
        header[4] = class;
        header[5] = order;
        header[18] = machine;
        header
    };
    assert_eq!(Machine::of_header(&header(2, 1, 62)), Ok(Machine::X86_64));
    assert_eq!(Machine::of_header(&header(2, 1, 183)), Ok(Machine::Aarch64));
    assert!(Machine::of_header(&header(1, 1, 62)).is_err(), "32 bits");
    assert!(Machine::of_header(&header(2, 1, 243)).is_err(), "RISC-V");
    assert!(Machine::of_header(b"\x7fELF\x02\x01").is_err(), "cut off");
    assert!(Machine::of_header(b"#!/bin/sh\n").is_err());

    let arm = Binary {
        machine: Ok(Machine::Aarch64),
        libraries: Vec::new(),
        needs: Vec::new(),
    };
    let problems = arm.problems("f", Machine::X86_64);
    assert_eq!(problems, ["f is built for aarch64, not for x86_64"]);
}

#[test]
fn targets_that_lambda_has_are_known() {
    let of = |triple| Machine::of_target(Some(triple)).map_err(|error| error.to_string());
    assert_eq!(of("aarch64-unknown-linux-gnu"), Ok(Machine::Aarch64));
    assert_eq!(of("x86_64-unknown-linux-musl"), Ok(Machine::X86_64));
    assert!(
        of("riscv64gc-unknown-linux-gnu")
            .unwrap_err()
            .contains("--target")
    );
}

#[test]
fn this_test_itself_is_read() {
    let machine = Machine::of_target(None).unwrap();
    let binary = Objdump::find(machine)
        .unwrap()
        .inspect(&std::env::current_exe().unwrap())
        .unwrap();
    assert_eq!(binary.machine, Ok(machine));
    assert!(
        binary
            .libraries
            .iter()
            .any(|library| library == "libc.so.6")
    );
    assert!(binary.needs.iter().any(|need| need.symbol.is_some()));
    assert!(binary.highest_glibc().unwrap() >= GlibcVersion(vec![2, 2]));
}

#[test]
fn what_is_no_executable_is_a_problem_and_no_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("script");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    let objdump = Objdump::find(Machine::of_target(None).unwrap()).unwrap();
    let binary = objdump.inspect(&path).unwrap();
    let problems = binary.problems("script", Machine::X86_64);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("script is no ELF executable"),
        "{problems:?}"
    );
    assert!(objdump.inspect(&directory.path().join("absent")).is_err());
}

#[test]
fn a_missing_objdump_is_told_with_what_installs_it() {
    let error = Objdump::named("objdump-that-is-not-there".to_owned(), "binutils").unwrap_err();
    assert!(
        error.to_string().contains("apt-get install binutils"),
        "{error}"
    );
}
