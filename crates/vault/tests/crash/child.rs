//! A child process that is killed: this test program, told by its environment what to do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

const TASK: &str = "COUNTENANCE_CRASH_CHILD";

/// What this process was told to do, if it is a child.
pub(crate) fn task() -> Option<Vec<String>> {
    let task = std::env::var(TASK).ok()?;
    Some(task.split('#').map(str::to_owned).collect())
}

pub(crate) fn say(text: &str) {
    // One write per line: the parent never sees half of one that was answered.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{text}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(test: &str, task: &[&str]) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), test, task)
    }

    /// A child whose files may not grow beyond so many blocks: writing there is an error.
    pub(crate) fn start_limited(test: &str, task: &[&str], blocks: u32) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""])
            .arg(blocks.to_string())
            .arg(std::env::current_exe().unwrap());
        Self::run(shell, test, task)
    }

    fn run(mut command: Command, test: &str, task: &[&str]) -> Self {
        let mut child = command
            .args([test, "--exact", "--ignored", "--nocapture"])
            .env(TASK, task.join("#"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The next thing the child says.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        while !line.starts_with('@') {
            line.clear();
            if self.out.read_line(&mut line).unwrap() == 0 {
                let mut said = String::new();
                let errors = self.child.stderr.as_mut().unwrap();
                std::io::Read::read_to_string(errors, &mut said).unwrap();
                panic!("the child ended: {said}");
            }
        }
        line.trim_end().trim_start_matches('@').to_owned()
    }

    /// SIGKILL; returns what was said until then and not heard yet.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.out
            .lines()
            .filter_map(|line| line.unwrap().strip_prefix('@').map(str::to_owned))
            .collect()
    }
}
