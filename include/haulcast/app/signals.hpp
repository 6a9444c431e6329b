// SIGINT, SIGTERM and SIGHUP while there is nobody yet, or nobody any more, to obey them.
#pragma once

namespace haulcast::app {

/// From here on they wait; threads started meanwhile never get one. To be called before there are other threads.
void hold_signals();
/// Those that waited are delivered to this thread.
void release_signals();

}  // namespace haulcast::app
