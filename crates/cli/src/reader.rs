//! Whoever reads what is printed.

/// Whether nobody reads the standard output any more: the other end of its pipe is closed. A write would say so, too; a command that
/// follows a quiet log has nothing to write, perhaps for days.
#[cfg(unix)]
pub(crate) fn is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let stdout = std::io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    // What is not asked for is told all the same: that it is closed, or broken.
    poll(&mut asked, Some(&at_once)).is_ok_and(|told| told > 0)
        && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Elsewhere the next write says so.
#[cfg(not(unix))]
pub(crate) fn is_gone() -> bool {
    false
}
