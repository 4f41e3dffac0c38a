//! `callboard bench`: measures a server, and beside it what this machine can do at most.
//!
//! Works with real servers, which it starts as processes of their own, over real connections.
//! Nothing of it is a test: times say something about a machine on a day.

mod append;
mod arrivals;
mod big_bus;
mod deliver;
mod disk_rate;
mod documents;
mod echo;
mod echo_rate;
mod fan_out;
mod foreign;
mod growth;
mod latencies;
mod load;
mod pace;
mod row;
mod scratch;
mod server;
mod site;
mod start_up;
mod stream;
mod stream_load;

use std::path::{Path, PathBuf};
use std::time::Duration;

use callboard_client::Address;
use clap::{Args, ValueEnum};

use self::big_bus::What;
use self::row::Row;
use self::scratch::Scratch;
use self::site::Given;
use super::failure::Failure;
use super::interruption;
use super::output::{self, Form};
use super::table::{self, Column, Table};

/// Measure how fast a server is, beside the disk alone and gRPC alone
///
/// Starts servers of its own, with roots that are removed afterwards, and measures each scenario
/// several times. In the same run it measures L, how many times a second one thread can append
/// 400 bytes to a file and sync it, and the echo: the same calls over the same library, as that is
/// set by default, with nothing stored. Ratios to these two say something about the software; rates alone say more about
/// the machine.
///
/// append: single appends of 300 bytes, by how many are in flight. stream: appends on streams.
/// deliver: from the append to a subscriber, 200 a second. foreign: the same for what another program
/// appends. fan-out: to 100 subscribers. replay, tail and since: on a bus of a million messages.
/// documents: creating, reading and listing runs. start-up: with 10 000 tasks and 100 buses of
/// 10 MB, and idle. growth: what must not cost more when a bus or a list grows.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BenchCommand {
    /// What to measure
    #[arg(value_name = "SCENARIO", value_enum, required_unless_present_any = ["all", "serve_echo"])]
    scenarios: Vec<Scenario>,
    /// Measure everything; takes a quarter of an hour and 4 GB of disk
    #[arg(long, conflicts_with = "scenarios")]
    all: bool,
    /// Measure the server at this address, in a project that is removed afterwards; only append,
    /// stream, deliver, fan-out and documents. L and the echo are those of this machine
    #[arg(long, value_name = "ADDRESS")]
    addr: Option<Address>,
    /// Where to put the roots of its servers: on the disk that is to be measured
    /// [default: the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How often to measure each; what is printed are the medians
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// How long to measure each rate, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    seconds: u16,
    /// Serve in memory, for another bench
    #[arg(long, hide = true, exclusive = true)]
    serve_echo: bool,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard bench append
  callboard bench append stream --runs 1 --dir /srv/agents
  callboard bench --all --json > bench.json
  callboard bench deliver --addr 127.0.0.1:50051

Rates are per second, times in microseconds, memory in MB of 10^6 bytes, processor time in seconds.
The ratio to the echo is of rates; for deliver of the p50 to the sum of a sync and a delivery of the
echo, for run.get of the p50. Build with --release, or the figures say nothing.";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Append,
    Stream,
    Deliver,
    Foreign,
    FanOut,
    Replay,
    Tail,
    Since,
    Documents,
    StartUp,
    Growth,
}

impl Scenario {
    /// Whether a server that somebody else started can be measured.
    fn needs_own_server(self) -> bool {
        !matches!(
            self,
            Self::Append | Self::Stream | Self::Deliver | Self::FanOut | Self::Documents
        )
    }

    async fn run(self, bench: &mut Bench) -> Result<(), Failure> {
        match self {
            Self::Append => append::run(bench).await,
            Self::Stream => stream::run(bench).await,
            Self::Deliver => deliver::run(bench).await,
            Self::Foreign => foreign::run(bench).await,
            Self::FanOut => fan_out::run(bench).await,
            Self::Replay => big_bus::run(bench, What::Replay).await,
            Self::Tail => big_bus::run(bench, What::Tail).await,
            Self::Since => big_bus::run(bench, What::Since).await,
            Self::Documents => documents::run(bench).await,
            Self::StartUp => start_up::run(bench).await,
            Self::Growth => growth::run(bench).await,
        }
    }
}

/// How to measure, and what was found so far.
struct Bench {
    given: Option<Given>,
    folder: PathBuf,
    runs: u16,
    duration: Duration,
    rows: Vec<Row>,
}

impl Bench {
    /// Notes a row, and tells a person who waits.
    fn note(&mut self, row: Row) -> Row {
        let times = row.p50_us.map(|p50| format!(", p50 {p50:.0} µs")).unwrap_or_default();
        output::note_to_person(&format!(
            "{} × {}: {:.0}/s{times}",
            row.name, row.in_flight, row.rate
        ));
        self.rows.push(row.clone());
        row
    }

    /// Measures L.
    fn disk_rate(&mut self) -> Result<f64, Failure> {
        let rate = self.on_disk(disk_rate::measure)?;
        self.note(Row::of_times("disk", 1, rate, latencies::Latencies::default()));
        Ok(rate)
    }

    /// Measures something of the disk, in a folder of its own.
    fn on_disk<T>(
        &self,
        measure: impl FnOnce(&Path, Duration) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let scratch = Scratch::new(&self.folder)?;
        tokio::task::block_in_place(|| measure(scratch.path(), self.duration / 2))
    }
}

const COLUMNS: [Column; 12] = [
    table::text("NAME", 12),
    table::number("AT ONCE", 7),
    table::number("RATE", 7),
    table::number("SPREAD", 11),
    table::number("P50 US", 7),
    table::number("P99 US", 7),
    table::number("L", 5),
    table::number("× L", 5),
    table::number("× ECHO", 6),
    table::number("SERVER S", 8),
    table::number("CLIENT S", 8),
    table::number("RSS MB", 6),
];

impl BenchCommand {
    /// Measures, and prints the medians.
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Failure::own("start the async runtime", &source))?;
        runtime.block_on(async {
            if self.serve_echo {
                return echo::serve().await;
            }
            let interrupted = interruption::listen()
                .map_err(|source| Failure::own("listen to signals", &source))?;
            let given = self.addr.clone().map(Given::new);
            // What was started and made is ended and removed.
            let measured = tokio::select! {
                measured = self.measure(given.clone()) => measured,
                () = interrupted => Err(Failure::found("interrupted; nothing was printed")),
            };
            if let (Err(_), Some(given)) = (&measured, given)
                && given.clear_away().await.is_err()
            {
                output::note(&format!("cannot remove the project {}", given.project));
            }
            measured
        })
    }

    async fn measure(&self, given: Option<Given>) -> Result<(), Failure> {
        let scenarios = if self.all { Scenario::value_variants() } else { &self.scenarios[..] };
        if self.addr.is_some()
            && let Some(scenario) = scenarios.iter().find(|it| it.needs_own_server())
        {
            let scenario = scenario.to_possible_value();
            let name = scenario.as_ref().map_or("this", |value| value.get_name());
            return Err(Failure::usage(format!(
                "{name} needs a server of its own; leave out --addr"
            )));
        }
        if cfg!(debug_assertions) {
            output::note("this program was built without --release: the figures say nothing");
        }
        let folder = self.dir.clone().unwrap_or_else(std::env::temp_dir);
        if disk_rate::is_in_memory(&folder) {
            output::note(&format!(
                "{} is in memory, where a sync costs nothing: see --dir",
                folder.display()
            ));
        }
        let mut bench = Bench {
            given,
            folder,
            runs: self.runs,
            duration: Duration::from_secs(u64::from(self.seconds)),
            rows: Vec::new(),
        };
        for scenario in scenarios {
            scenario.run(&mut bench).await?;
        }
        let mut output = self.form.open();
        let summaries = row::summaries(&bench.rows);
        if output.is_json() {
            for summary in &summaries {
                output.print_value(&summary.json())?;
            }
        } else {
            let rows: Vec<_> = summaries
                .iter()
                .map(|summary| table::Row { cells: summary.cells(), problem: String::new() })
                .collect();
            output.print_text(&Table::new(COLUMNS.to_vec()).page(&rows))?;
        }
        output.flush()
    }
}
