#include "haulcast/store/error.hpp"

#include <stdexcept>

namespace haulcast::store {

void throw_exception_from_error(const store_error& error, const boost::source_location&) {
  throw std::runtime_error{error.why};
}

}  // namespace haulcast::store
