//! What can be said on the command line; `../../../shared/CLI.md` is its contract.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// A farm of Puppet catalog compilers.
#[derive(Debug, Parser)]
#[command(
    name = "bunraku",
    version,
    about,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    /// Print results as one JSON document on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole farm in one process: store, queue, certificate authority, workers and edge.
    Up(Up),
    /// Check, pack and upload a control repo, and wait until every catalog is in place.
    Push(commands::push::Push),
    /// Bring a release to the nodes stage by stage: start, watch, pause and take back; through an edge, too.
    #[command(subcommand)]
    Rollout(commands::rollout::RolloutCommand),
    /// Serve a catalog made elsewhere to some nodes.
    Publish(commands::publish::Publish),
    /// Take a pre-built catalog back: its nodes get what is compiled for them.
    Unpublish(commands::publish::Unpublish),
    /// Run workers alone: they take what the queue holds, on any machine that reaches it and the store.
    Work(commands::work::Work),
    /// Run an edge alone: it serves agents from the farm's store, and compiles nothing.
    Edge(commands::edge::Edge),
    /// On a node: run the agent when a new catalog of its own is published.
    Watch(commands::watch::Watch),
    /// Tell others of each published catalog: a web service, a command, or standard output.
    Events(commands::events::Events),
    /// Write the fleet's catalogs as static files: for mirrors, and nodes without a network.
    Export(commands::export::Export),
    /// Manage certificates of the built-in authority.
    #[command(subcommand)]
    Ca(CaCommand),
    /// What the farm holds and does, in numbers.
    Status(StoreArgs),
    /// The nodes that the farm knows, and their catalogs.
    Nodes(commands::nodes::Nodes),
    /// The releases of an environment.
    Releases(EnvironmentArgs),
    /// The environments and what each serves.
    Environments(commands::environments::Environments),
    /// Why a node's catalog is as it is: what it was compiled from, and what would change it.
    Explain(NodeArgs),
    /// Compile a node's catalog again from the stored inputs and compare it byte for byte.
    Replay(NodeArgs),
    /// Compile with Bunraku and with the installed Puppet, and list every difference.
    Verify(Verify),
    /// Compile a catalog and print it.
    Compile(Compile),
    /// Evaluate a program and print its value.
    Eval(Eval),
    /// Check manifests, templates and data without evaluating them.
    Validate(Validate),
    /// Print the syntax tree of a program.
    Dump(Dump),
    /// Compare two catalogs in files.
    Diff(Diff),
    /// What waits in the farm's queues, and what was given up.
    Tasks(commands::tasks::Tasks),
    /// Put dead letters back into their queues.
    Redrive(commands::redrive::Redrive),
    /// Remove what nobody needs any more from the store: old releases, their files, catalogs.
    Gc(commands::gc::Gc),
    /// Package, check and price the farm on AWS.
    #[command(subcommand)]
    Infra(commands::infra::InfraCommand),
}

/// Where the farm's data is.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// The store: a directory or a `file://` URL.
    #[arg(
        long,
        value_name = "URL",
        env = "BUNRAKU_STORE",
        default_value = ".bunraku/store"
    )]
    pub(crate) store: String,
}

#[derive(Debug, Args)]
pub(crate) struct EnvironmentArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The environment.
    #[arg(long, short, value_name = "NAME", default_value = "production")]
    pub(crate) environment: String,
}

#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,
    /// The node's certname.
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// A control repo to push when the farm is up.
    #[arg(value_name = "SITE_DIR")]
    pub(crate) site: Option<PathBuf>,
    /// Where the edge listens.
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:8140")]
    pub(crate) listen: SocketAddr,
    /// Where the farm keeps its data.
    #[arg(
        long,
        value_name = "DIR",
        env = "BUNRAKU_DATA",
        default_value = ".bunraku"
    )]
    pub(crate) data: PathBuf,
    /// The environment that SITE_DIR is pushed to.
    #[arg(long, short, value_name = "NAME", default_value = "production")]
    pub(crate) environment: String,
    /// Push SITE_DIR again whenever it changes.
    #[arg(long, requires = "site")]
    pub(crate) watch: bool,
    /// Compiles at the same time; as many as there are processors if not given.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Which certificate requests are signed at once: `off`, `all`, certnames and globs with commas
    /// between, or a file of them. Without it: all when the edge listens on this machine alone
    /// (a loopback address), else none.
    #[arg(long, value_name = "off|all|GLOBS|FILE")]
    pub(crate) autosign: Option<String>,
    /// Further names that agents may call this machine by (in the edge's certificate).
    #[arg(long = "name", value_name = "HOST")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) watching: commands::edge::watching::Watching,
    #[command(flatten)]
    pub(crate) substitutes: crate::farm::Substitutes,
}

#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    /// Where the farm keeps its data.
    #[arg(
        long,
        value_name = "DIR",
        env = "BUNRAKU_DATA",
        default_value = ".bunraku"
    )]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CaNames {
    #[command(flatten)]
    pub(crate) ca: CaArgs,
    /// Certnames.
    #[arg(value_name = "CERTNAME", required = true)]
    pub(crate) certnames: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CaSign {
    #[command(flatten)]
    pub(crate) ca: CaArgs,
    /// Certnames.
    #[arg(value_name = "CERTNAME", required_unless_present = "all")]
    pub(crate) certnames: Vec<String>,
    /// Sign every waiting request.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CaGenerate {
    #[command(flatten)]
    pub(crate) ca: CaArgs,
    /// The certificate's name.
    #[arg(value_name = "CERTNAME")]
    pub(crate) certname: String,
    /// Further names and addresses that agents may call an edge by.
    #[arg(long = "name", value_name = "HOST", conflicts_with = "admin")]
    pub(crate) names: Vec<String>,
    /// Its owner may administer the farm (the extension `pp_cli_auth`), and is no server.
    #[arg(long)]
    pub(crate) admin: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// List requests and certificates.
    List(CaArgs),
    /// Sign requests.
    Sign(CaSign),
    /// Revoke certificates.
    Revoke(CaNames),
    /// Revoke certificates and forget them and their requests.
    Clean(CaNames),
    /// Make a certificate and its key, for an edge without an authority or for an administrator;
    /// also makes the authority when there is none.
    Generate(CaGenerate),
}

/// Options that every command on code has.
#[derive(Debug, Args)]
pub(crate) struct Language {
    /// Main manifest given as a file that has no name in messages; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: Option<PathBuf>,
    /// Main manifest, a file or a directory.
    #[arg(long, value_name = "PATH", conflicts_with = "code")]
    pub(crate) manifest: Option<PathBuf>,
    /// The environment's name.
    #[arg(long, short, value_name = "NAME", default_value = "production")]
    pub(crate) environment: String,
    /// Root of the environment.
    #[arg(long, value_name = "DIR")]
    pub(crate) env_dir: Option<PathBuf>,
    /// Module directories, over those of environment.conf.
    #[arg(long, value_name = "A:B:C")]
    pub(crate) modulepath: Option<String>,
    /// hiera.yaml of the global layer.
    #[arg(long, value_name = "FILE")]
    pub(crate) hiera_config: Option<PathBuf>,
    /// Puppet's setting `codedir`.
    #[arg(long, value_name = "DIR")]
    pub(crate) codedir: Option<PathBuf>,
    /// One of Puppet's settings that a compile depends on.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<String>,
    /// The node's certname.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub(crate) node: String,
    /// The node's facts, a JSON object or an agent's facts document.
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Option<PathBuf>,
    /// `$trusted`, a JSON object.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted: Option<PathBuf>,
    /// `$server_facts`, a JSON object.
    #[arg(long, value_name = "FILE")]
    pub(crate) server_facts: Option<PathBuf>,
    /// More top-scope variables, a JSON object; over facts.
    #[arg(long, value_name = "FILE")]
    pub(crate) vars: Option<PathBuf>,
    /// A node classifier's classes: a JSON list of names, or an object of names and parameters.
    #[arg(long, value_name = "FILE")]
    pub(crate) classes: Option<PathBuf>,
    /// What other nodes export, a JSON list as PuppetDB's resources endpoint gives it.
    #[arg(long, value_name = "FILE")]
    pub(crate) exports: Option<PathBuf>,
    /// Write log entries to a file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) log_json: Option<PathBuf>,
    /// Least level logged.
    #[arg(long, value_name = "LEVEL", default_value = "notice")]
    pub(crate) log_level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CatalogFormat {
    Json,
    Text,
}

#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    pub(crate) language: Language,
    /// How the catalog is printed.
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: CatalogFormat,
    /// Print virtual resources that were not realized, too.
    #[arg(long)]
    pub(crate) include_virtual: bool,
    /// Write every read with the digest of its answer.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Compile N times in this process, and print how long each took instead of the catalog.
    #[arg(long, value_name = "N")]
    pub(crate) repeat: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    #[command(flatten)]
    pub(crate) language: Language,
    /// A program to evaluate before; the first as a whole compile.
    #[arg(long = "prelude", value_name = "FILE")]
    pub(crate) preludes: Vec<PathBuf>,
    /// The code is a template; its value is the text.
    #[arg(long)]
    pub(crate) epp: bool,
    /// Print the variables of the top scope, too.
    #[arg(long)]
    pub(crate) show_variables: bool,
    /// The name that messages give the code.
    #[arg(long, value_name = "NAME")]
    pub(crate) source_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Files and directories to check; the current directory if there is no other source.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A program as a file that has no name in messages; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub(crate) code: Option<PathBuf>,
    /// The code is a template.
    #[arg(long)]
    pub(crate) epp: bool,
    /// The path of the code, against which the location of its definitions is checked: below the module path
    /// (`ntp/manifests/init.pp`), or with `--modulepath` or `--manifest` as it is on disk.
    #[arg(long, value_name = "PATH")]
    pub(crate) source_name: Option<String>,
    /// Module directories, over environment.conf's; `:` between them.
    #[arg(long, value_name = "DIRS")]
    pub(crate) modulepath: Option<String>,
    /// The main manifest, a file or a directory: it may define what no module may.
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest: Option<PathBuf>,
    /// Accept plans; the same as `--setting tasks=true`.
    #[arg(long)]
    pub(crate) tasks: bool,
    /// One of Puppet's settings that validation depends on (`strict`, `tasks`).
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<String>,
    /// How findings are written; SARIF is for code hosts and editors.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Findings,
    /// Check again on each change.
    #[arg(long, conflicts_with = "code")]
    pub(crate) watch: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// For people, on standard error.
    Text,
    /// One JSON document; the same as `--json`.
    Json,
    /// One SARIF 2.1.0 log.
    Sarif,
}

#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// The program; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: PathBuf,
    /// The program is a template.
    #[arg(long)]
    pub(crate) epp: bool,
    /// Accept plans.
    #[arg(long)]
    pub(crate) tasks: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A catalog.
    #[arg(value_name = "LEFT")]
    pub(crate) left: PathBuf,
    /// The catalog to compare it with.
    #[arg(value_name = "RIGHT")]
    pub(crate) right: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The control repo or environment.
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// A node to compile; all nodes that DIR has facts for if none is given.
    #[arg(long = "node", value_name = "NAME")]
    pub(crate) nodes: Vec<String>,
    /// Facts documents (`<certname>.json`) in another place than DIR/facts.
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    /// Compile this program instead of DIR's main manifest.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: Option<PathBuf>,
    /// Module directories, over those of environment.conf.
    #[arg(long, value_name = "A:B:C")]
    pub(crate) modulepath: Option<String>,
    /// What other nodes export, a JSON list as PuppetDB's resources endpoint gives it.
    #[arg(long, value_name = "FILE")]
    pub(crate) exports: Option<PathBuf>,
    /// Ruby that has Puppet.
    #[arg(long, value_name = "PROGRAM", default_value = "ruby")]
    pub(crate) ruby: PathBuf,
}
