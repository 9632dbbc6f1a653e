//! What the tests of the command line share: nodes in temporary directories, runs of the program, and text without what differs
//! from run to run.

#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub(crate) mod redact;

/// A port of the loopback interface that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port()
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With an exit code; -1 for a signal.
    With(i32),
    /// Not within its time; it was killed.
    Late,
}

/// Starts a command and waits for its end, at most so many seconds.
pub(crate) fn wait_at_most(command: &mut Command, seconds: u64) -> Ended {
    let mut child = command.spawn().expect("the command starts");
    let until = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            return Ended::With(status.code().unwrap_or(-1));
        }
        if Instant::now() > until {
            child.kill().expect("it can be killed");
            child.wait().expect("its end");
            return Ended::Late;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One finished run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) arguments: Vec<String>,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The JSON document on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("stdout is not one JSON document: {e}\n{self:?}"))
    }

    /// Fails unless the run ended with this code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// A directory with the nodes and files of one test.
pub(crate) struct Desk {
    directory: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).expect("the file");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("the file")
    }

    /// The command, with nothing of the environment that could change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entente"));
        command.args(arguments).current_dir(self.path()).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    /// As [`Desk::run`], with text on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Run {
        self.run_bytes(arguments, stdin.as_bytes())
    }

    /// As [`Desk::run_with`], with bytes that need not be text. Answers are read while requests are written.
    pub(crate) fn run_bytes(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("its input");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A program that does not read its input may close it first.
                let _ = input.write_all(stdin);
            });
            child.wait_with_output().expect("its output")
        });
        Run {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }

    /// Several runs as a page: what was typed, what was printed, how it ended; without what differs from run to run.
    pub(crate) fn page(&self, runs: &[&[&str]]) -> String {
        runs.iter().map(|arguments| self.show(&self.run(arguments))).collect()
    }

    pub(crate) fn show(&self, run: &Run) -> String {
        let typed: Vec<String> = run
            .arguments
            .iter()
            .map(|argument| match argument {
                plain if !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_graphic()) => plain.clone(),
                other => format!("'{}'", other.escape_debug()),
            })
            .collect();
        let mut page = format!("$ entente {}\n", typed.join(" "));
        page.push_str(&run.stdout);
        for line in run.stderr.lines() {
            page.push_str(&format!("! {line}\n"));
        }
        page.push_str(&format!("[exit {}]\n\n", run.code));
        redact::redacted(&page.replace(&self.path().display().to_string(), "[dir]"))
    }

    /// Two nodes that know each other and have a signed agreement: `north` of Northtel and `fusion` of the Fusion Centre.
    pub(crate) fn pair() -> Self {
        let desk = Self::new();
        let ports = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        let nodes = [
            ("north", "northtel", "Northtel", "private", "XN"),
            ("fusion", "fusion", "Fusion Centre", "police", "INT"),
        ];
        for ((home, party, name, role, country), listen) in nodes.iter().zip(&ports) {
            let host = format!("{party}.example");
            let arguments = [
                "--home",
                home,
                "init",
                "--party",
                party,
                "--name",
                name,
                "--role",
                role,
                "--country",
                country,
                "--host",
                &host,
                "--listen",
                listen,
                "--band",
                "demo",
            ];
            desk.run(&arguments).expect(0);
            let card = desk.run(&["--home", home, "party", "show"]).expect(0);
            desk.write(&format!("{party}.card"), card.stdout);
        }
        for (home, other) in [("north", "fusion"), ("fusion", "northtel")] {
            let card = format!("{other}.card");
            desk.run(&["--home", home, "party", "add", &card]).expect(0);
            let secret = format!("for-{other}.secret");
            let token = desk.run(&["--home", home, "token", "new", other, "--secret-file", &secret]).expect(0);
            desk.write(&format!("{other}.token"), token.stdout.trim());
        }
        for (home, other, own) in [("north", "fusion", "northtel"), ("fusion", "northtel", "fusion")] {
            let (card, secret) = (format!("{other}.card"), format!("for-{own}.secret"));
            let token = desk.read(&format!("{own}.token"));
            desk.run(&["--home", home, "party", "add", &card, "--token", &token, "--token-file", &secret]).expect(0);
        }
        let new = [
            "--home",
            "north",
            "agreement",
            "new",
            "--with",
            "fusion",
            "--id",
            "agr-1",
            "--instrument",
            "MoU 1",
            "--out",
            "agr-1",
        ];
        desk.run(&new).expect(0);
        for home in ["north", "fusion", "north"] {
            desk.run(&["--home", home, "agreement", "sign", "agr-1"]).expect(0);
        }
        desk
    }

    /// Northtel knows a command-and-control server, one with little confidence, and a victim.
    pub(crate) fn contribute(&self) {
        let day = redact::today();
        self.write(
            "week.csv",
            format!(
                "value,role,country,last_seen,confidence,subject\n\
                 198.51.100.77,c2,SG,{day}T00:00:00Z,80,infrastructure\n\
                 198.51.100.78,phishing,MT,{day}T00:00:00Z,20,infrastructure\n\
                 portal.ministry.example,compromised,MU,{day}T00:00:00Z,75,victim\n"
            ),
        );
        self.run(&["--home", "north", "admit", "week.csv", "--tlp", "amber"]).expect(0);
    }

    /// Serves a node until the end of the test; only what is asked for is exchanged.
    pub(crate) fn serve(&self, home: &str) -> Served {
        let mut child = self
            .command(&["--home", home, "serve", "--json"])
            .env("ENTENTE_SERVE__SYNC_EVERY_S", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the node starts");
        let stdout = child.stdout.take().expect("its output");
        let (told, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = told.send(line);
        });
        let served = Served(child);
        let line = ready.recv_timeout(Duration::from_secs(20)).expect("the node is ready in time");
        assert!(line.contains("\"ready\":true"), "the node said `{line}`");
        served
    }

    /// Address of the collection that Northtel's node offers to the fusion centre.
    pub(crate) fn collection(&self, name: &str) -> String {
        let card = self.read("northtel.card");
        let url = card.lines().find_map(|line| line.strip_prefix("url = ")).expect("an address").trim_matches('"');
        format!("{url}/taxii2/exchange/collections/{name}/")
    }
}

/// A node that serves until this is dropped.
pub(crate) struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
