#include "support/temp_directory.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

namespace haulcast::support {

temp_directory::temp_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "haulcast-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  path_ = name;
}

temp_directory::~temp_directory() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace haulcast::support
