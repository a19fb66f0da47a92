//! A disk of the test's own: small, so that it fills; one that stands still, goes read-only, and comes back.
//!
//! Lives here: mounting (as root) a file system in a file, and its faults. Does not live here: what is kept on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// An ext4 in a file, mounted; unmounted when it is dropped.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

impl Disk {
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

    /// Fills it but for so many KiB, with a file that [`Disk::free`] removes.
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

    /// Gives back what [`Disk::fill_but`] took.
    ///
    /// # Errors
    /// It was not filled.
    pub fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Writes wait from now on, as they do on a disk that does not answer.
    ///
    /// # Errors
    /// `fsfreeze` fails.
    pub fn freeze(&self) -> Result<()> {
        run("fsfreeze", &["-f", &self.path().to_string_lossy()])
    }

    /// What waited goes on.
    ///
    /// # Errors
    /// It was not frozen.
    pub fn thaw(&self) -> Result<()> {
        run("fsfreeze", &["-u", &self.path().to_string_lossy()])
    }

    /// Nothing can be written from now on, by an open file neither, as after an error of the disk.
    ///
    /// # Errors
    /// `mount` fails.
    pub fn make_read_only(&self) -> Result<()> {
        // An emergency: the kernel's own answer to a failing disk. A plain remount waits for open files to be closed.
        run("mount", &["-o", "remount,ro,abort", &self.path().to_string_lossy()])
    }

    /// Takes it off and mounts it anew, as after a repair.
    ///
    /// # Errors
    /// Something still has it open.
    pub fn mount_again(&self) -> Result<()> {
        let (path, image) = (self.path(), self.folder.path().join("image"));
        run("umount", &[&path.to_string_lossy()])?;
        // 1: errors were corrected.
        let checked = Command::new("e2fsck").args(["-p", "-f"]).arg(&image).output().context("e2fsck")?;
        ensure!(checked.status.code().is_some_and(|code| code <= 1), "{checked:?}");
        run("mount", &["-o", "loop", &image.to_string_lossy(), &path.to_string_lossy()])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A frozen one could not be unmounted; one that is not frozen says so.
        let _ = self.thaw();
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
