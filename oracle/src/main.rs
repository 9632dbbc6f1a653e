//! `entente-oracle`: the decision against Cedar and against a plain reading of section 5, on random texts and requests.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use entente_oracle::{Plan, run};

const USAGE: &str = "\
usage: entente-oracle [--requests N] [--seed N] [--groups N] [--threads N]

  --requests N   requests asked of all evaluators (default 1000000)
  --seed N       seed of texts, states and requests (default 1); the same seed asks the same
  --groups N     groups of one to ten agreements, each with its share of the requests (default: one for each 250)
  --threads N    default: as many as the machine has

Exit code: 0 if all agree, 1 at a difference (both inputs are printed), 2 for a wrong call.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = match plan(&arguments) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let begun = Instant::now();
    println!("seed {}, {} groups, {} threads", plan.seed, plan.groups, plan.threads);
    match run(&plan) {
        Ok(counts) => {
            println!("{counts}");
            println!("differences           0  ({:.1} s)", begun.elapsed().as_secs_f64());
            // The closing line of a suite: four comparisons, however many requests.
            println!("suite oracle: passed=4 failed=0 skipped=0");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("DIFFERENCE in group {}, request {}\n{}", difference.at.0, difference.at.1, difference.told);
            println!("suite oracle: passed=0 failed=1 skipped=0");
            ExitCode::FAILURE
        }
    }
}

fn plan(arguments: &[String]) -> Result<Plan, String> {
    let mut plan = Plan {
        seed: 1,
        requests: 1_000_000,
        groups: 0,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.ok_or_else(|| format!("`{name}` needs a number"))?;
        match name.as_str() {
            "--seed" => plan.seed = value,
            "--requests" => plan.requests = value,
            "--groups" => plan.groups = value,
            "--threads" => plan.threads = usize::try_from(value).map_err(|_| "too many threads")?,
            other => return Err(format!("unknown flag `{other}`")),
        }
    }
    if plan.requests == 0 {
        return Err("nothing would be asked".to_owned());
    }
    if plan.groups == 0 {
        plan.groups = plan.requests.div_ceil(250);
    }
    Ok(plan)
}
