// Handlers reset themselves, so that a second Ctrl-C ends a program that does not listen.
#include "cli/stop_signal.h"

namespace lacuna {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

std::atomic<bool> stop_wanted = false;  // a handler reaches nothing else
std::atomic<int> signal_seen = 0;

extern "C" void note_signal(int signal) {
  signal_seen = signal;
  stop_wanted = true;
}

}  // namespace

StopSignal::StopSignal() {
  stop_wanted = false;
  signal_seen = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &action, &before_[i]);
}

StopSignal::~StopSignal() {
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

const std::atomic<bool>& StopSignal::stop() const { return stop_wanted; }
int StopSignal::signal() const { return signal_seen; }

}  // namespace lacuna
