# The Homebrew formula, for a tap of one's own: agent/packaging/macos/build formula fills in archive and checksum.
# A formula builds on the user's Mac, so nothing of it is quarantined; a cask that is not notarized would be refused.
class PortalAgent < Formula
  desc "Company Portal device agent emulator: pushes become notifications, or a reason"
  homepage "https://portal-agent.example/"
  url "@URL@"
  version "@VERSION@"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "rust" => :build
  depends_on :macos

  def install
    system "cargo", "build", "--release", "--locked", "--package", "portal-agent"
    system "agent/packaging/macos/build", "bundle", "target/release/portal-agent", prefix
    app = prefix/"Company Portal (emulator).app"
    system "codesign", "--force", "--sign", "-", "--identifier", "org.portal-agent.company-portal", app
    # The program inside the bundle: macOS shows notifications of a bundle alone.
    bin.write_exec_script app/"Contents/MacOS/portal-agent"
    generate_completions_from_executable(bin/"portal-agent", "completions")
    system bin/"portal-agent", "man", man1
  end

  def caveats
    "portal-agent service install has the daemon start with the desktop."
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/portal-agent --version")
  end
end
