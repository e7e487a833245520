//! A PostgreSQL cluster of a test's own, which may be killed and looked into.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) struct Cluster {
    folder: TempDir,
    bin: PathBuf,
    root: bool,
}

/// The newest installed version's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            path.join("bin/initdb")
                .exists()
                .then_some((version, path.join("bin")))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

impl Cluster {
    /// A running cluster; `None`, and loudly, where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            eprintln!("SKIPPED: PostgreSQL is not installed (package postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if root {
            let mut give = Command::new("chown");
            give.arg("postgres").arg(folder.path());
            assert!(give.status().unwrap().success());
        }
        let cluster = Self { folder, bin, root };
        let data = cluster.data();
        cluster.run(
            "initdb",
            &["-D", path(&data), "-U", "postgres", "--auth=trust"],
        );
        cluster.serve();
        Some(cluster)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let program = self.bin.join(name);
        let mut command = if self.root {
            // The server refuses to run as root.
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Vec<u8> {
        let output = self.program(name, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        output.stdout
    }

    /// Starts the server; after a crash it first replays its log.
    pub(crate) fn serve(&self) {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c log_statement=all \
             -c log_min_messages=debug1",
            path(self.folder.path())
        );
        let (data, log) = (self.data(), self.log());
        let arguments = ["-D", path(&data), "-w", "-l", path(&log), "-o", &options];
        let started = self
            .program("pg_ctl", &[&arguments[..], &["start"]].concat())
            .stdout(std::process::Stdio::null())
            .status();
        let said = || fs::read_to_string(&log).unwrap_or_default();
        assert!(started.unwrap().success(), "{}", said());
    }

    /// Where clients connect.
    pub(crate) fn connection(&self) -> String {
        format!(
            "host={} user=postgres dbname=postgres",
            path(self.folder.path())
        )
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// A dump of everything, as an operator would make it.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let host = path(self.folder.path());
        self.run("pg_dumpall", &["-h", host, "-U", "postgres"])
    }

    /// SIGKILL for the server and all its processes at once.
    pub(crate) fn kill(&self) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let server = file.lines().next().unwrap().to_owned();
        let mut all = vec![server.clone()];
        for entry in fs::read_dir("/proc").unwrap() {
            let path = entry.unwrap().path();
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(") ")
                .and_then(|(_, rest)| rest.split(' ').nth(1));
            if parent == Some(&server) {
                all.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
        assert!(all.len() > 3, "a server has several processes");
        let _ = Command::new("kill").arg("-9").args(&all).output().unwrap();
        let begin = Instant::now();
        // A zombie that nobody waits for yet still has a folder in /proc, but no memory.
        let lives = |pid: &String| {
            fs::read_to_string(Path::new("/proc").join(pid).join("statm"))
                .is_ok_and(|statm| !statm.starts_with("0 "))
        };
        while all.iter().any(lives) {
            assert!(begin.elapsed() < Duration::from_secs(20), "killed");
            std::thread::sleep(Duration::from_millis(5));
        }
        // Where the first process of the machine does not wait for orphans, the dead server's
        // number stays taken and the new one would think that the old one runs.
        fs::remove_file(self.data().join("postmaster.pid")).unwrap();
        fs::remove_file(self.folder.path().join(".s.PGSQL.5432.lock")).unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self
            .program("pg_ctl", &["-D", path(&data), "-m", "immediate", "stop"])
            .output();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
