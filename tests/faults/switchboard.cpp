#include "faults/switchboard.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <system_error>

namespace haulcast::faults {

switchboard::switchboard() : root_{std::filesystem::canonical(scratch_.path()) / "disk"} {
  std::filesystem::create_directory(root_);
  const int fd = ::open((scratch_ / "control").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* at = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof(control)) == 0) {
    at = ::mmap(nullptr, sizeof(control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (at == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "the control file"};
  ::close(fd);
  shared_ = static_cast<control*>(at);  // all zero
}

switchboard::~switchboard() { ::munmap(shared_, sizeof(control)); }

bool switchboard::available() {
#ifdef HAULCAST_FAULTS_LIBRARY
  return true;
#else
  return false;
#endif
}

std::map<std::string, std::string> switchboard::environment(bool logged) const {
  std::map<std::string, std::string> all{{"HAULCAST_DATA_DIR", data_dir().string()},
                                         {directory_variable, root_.string()},
                                         {control_variable, (scratch_ / "control").string()}};
#ifdef HAULCAST_FAULTS_LIBRARY
  all["LD_PRELOAD"] = HAULCAST_FAULTS_LIBRARY;
#endif
  if (logged) all[log_variable] = log().string();
  return all;
}

void switchboard::on(std::size_t which, const fault_plan& plan) {
  fault& f = shared_->faults.at(which);
  f.operations = 0;
  f.error = plan.error;
  f.times = plan.times;
  f.delay_ms = static_cast<std::uint32_t>(plan.delay.count());
  f.bytes_max = plan.bytes_max;
  f.hits = 0;
  f.part.fill('\0');
  plan.part.copy(f.part.data(), f.part.size());
  f.operations.store(plan.operations, std::memory_order_release);
}

std::uint64_t switchboard::off(std::size_t which) {
  fault& f = shared_->faults.at(which);
  f.operations = 0;
  return f.hits.exchange(0);
}
std::uint64_t switchboard::hits(std::size_t which) const { return shared_->faults.at(which).hits; }
void switchboard::die_at(std::uint64_t operation) { shared_->die_at = operation; }
std::uint64_t switchboard::operations() const { return shared_->operations; }

void switchboard::step_clock(std::chrono::milliseconds by) { shared_->clock_ms = by.count(); }

}  // namespace haulcast::faults
