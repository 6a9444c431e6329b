#include "haulcast/app/signals.hpp"

#include <csignal>

namespace haulcast::app {

namespace {

void change_mask(int how) {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int one : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ours, one);
  ::pthread_sigmask(how, &ours, nullptr);
}

}  // namespace

void hold_signals() { change_mask(SIG_BLOCK); }
void release_signals() { change_mask(SIG_UNBLOCK); }

}  // namespace haulcast::app
