//! A disk of the test's own: small, so that it fills; one that stands still, goes read-only, and comes back.
//!
//! Lives here: mounting (as root) a file system in a file, and its faults. Does not live here: what is kept on it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// An ext4 in a file, mounted; unmounted when it is dropped.
#[derive(Debug)]
pub struct LoopDisk {
    folder: TempDir,
}

impl LoopDisk {
    /// Makes and mounts one of so many MiB; none, and the reason printed, where this process may not.
    ///
    /// # Errors
    /// No temporary directory.
    pub fn of_mebibytes(size: u32) -> Result<Option<Self>> {
        let disk = Self { folder: TempDir::with_prefix("portal-agent-disk-")? };
        std::fs::create_dir(disk.path())?;
        let image = disk.folder.path().join("image");
        let (image, path) = (image.to_string_lossy().into_owned(), disk.path().to_string_lossy().into_owned());
        let made = run("truncate", &["-s", &format!("{size}M"), &image])
            // No blocks are kept for root, so that root's disk fills like anybody's.
            .and_then(|()| run("mkfs.ext4", &["-q", "-F", "-m", "0", &image]))
            .and_then(|()| run("mount", &["-o", "loop", &image, &path]));
        match made {
            Ok(()) => Ok(Some(disk)),
            Err(error) => {
                println!("skipped: a disk of the test's own needs root, e2fsprogs and loop devices: {error:#}");
                Ok(None)
            }
        }
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Fills it but for so many KiB, with a file that [`LoopDisk::free`] removes.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn fill_but(&self, kibibytes: u64) -> Result<()> {
        let output = Command::new("df").args(["--output=avail", "-k"]).arg(self.path()).output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let free: u64 = printed.lines().nth(1).context("a line of df")?.trim().parse()?;
        let size = format!("{}K", free.saturating_sub(kibibytes));
        run("fallocate", &["-l", &size, &self.ballast().to_string_lossy()])
    }

    /// Gives back what [`LoopDisk::fill_but`] took.
    ///
    /// # Errors
    /// It was not filled.
    pub fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Writes wait for so long, as they do on a disk that does not answer; then what waited goes on. Ends by itself: a
    /// process that waits for a frozen disk can not even be killed.
    ///
    /// # Errors
    /// `fsfreeze` fails.
    pub fn freeze_for(&self, time: Duration) -> Result<JoinHandle<Result<()>>> {
        let path = self.path();
        run("fsfreeze", &["-f", &path.to_string_lossy()])?;
        Ok(std::thread::spawn(move || {
            std::thread::sleep(time);
            run("fsfreeze", &["-u", &path.to_string_lossy()])
        }))
    }

    /// No file that is there can be written from now on, by who has it open neither.
    ///
    /// # Errors
    /// `chattr` fails.
    pub fn make_read_only(&self) -> Result<()> {
        // A mount cannot be made read-only under an open file, but a file immutable can.
        run("chattr", &["-R", "+i", &self.path().to_string_lossy()])
    }

    /// What [`LoopDisk::make_read_only`] did is undone.
    ///
    /// # Errors
    /// `chattr` fails.
    pub fn make_writable(&self) -> Result<()> {
        run("chattr", &["-R", "-i", &self.path().to_string_lossy()])
    }

    /// Mounts it anew, read-only or not.
    ///
    /// # Errors
    /// Something still has it open.
    pub fn mount_again(&self, read_only: bool) -> Result<()> {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        run("mount", &["-o", how, &self.path().to_string_lossy()])
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // Where a test failed half-way, the one or other is undone already.
        let _ = run("fsfreeze", &["-u", &self.path().to_string_lossy()]);
        let _ = self.make_writable();
        let _ = run("umount", &["-l", &self.path().to_string_lossy()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .output()
        .with_context(|| format!("{program} is not installed"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "{program} {}: {said}", arguments.join(" "));
    Ok(())
}

/// The size of a file, or 0 where there is none.
pub fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map(|file| file.len()).unwrap_or_default()
}
