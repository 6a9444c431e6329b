// OpenSSL's objects, each freed by its own function; and PEM, which is the only form of keys that needs more than numbers.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::auth {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
template <class T, auto Free>
using handle = std::unique_ptr<T, freed_by<Free>>;

using key_handle = handle<EVP_PKEY, EVP_PKEY_free>;

/// The one public key in a PEM text. A failure goes on a sentence about the file: "holds a private key; ...".
result<key_handle> read_public_pem(std::string_view pem);

}  // namespace haulcast::auth
