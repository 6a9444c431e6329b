// Why a store did not do what it was asked, told apart by what is to be done about it.
#pragma once

#include <cstdint>
#include <string>

#include "haulcast/base/result.hpp"

namespace haulcast::store {

enum class trouble : std::uint8_t {
  unavailable,  // down, frozen, full, read-only, or in doubt whether it was committed: ask again later
  poison,       // a row of these cannot be stored, ever: find it and leave it out
  fatal,        // it is not for us: another journal's, or of a newer schema. No use in asking again
};

/// `why` is a sentence that an operator reads; it holds no secret, and nothing that a client sent but ids.
struct store_error {
  trouble what = trouble::unavailable;
  std::string why;
};

template <class T>
using store_result = result<T, store_error>;

[[noreturn]] void throw_exception_from_error(const store_error& error, const boost::source_location& where);

}  // namespace haulcast::store
