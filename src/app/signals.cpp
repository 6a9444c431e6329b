#include "haulcast/app/signals.hpp"

#include <csignal>

namespace haulcast::app {

namespace {

void change_mask(int how) {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  ::pthread_sigmask(how, &both, nullptr);
}

}  // namespace

void hold_signals() { change_mask(SIG_BLOCK); }
void release_signals() { change_mask(SIG_UNBLOCK); }

}  // namespace haulcast::app
