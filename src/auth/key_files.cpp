#include "haulcast/auth/key_files.hpp"

#include <utility>
#include <vector>

#include "haulcast/auth/jwks.hpp"
#include "operators_file.hpp"

namespace haulcast::auth {
namespace {

constexpr std::size_t pem_bytes_max = 64U << 10;
constexpr std::size_t jwks_bytes_max = 256U << 10;

result<std::vector<verifying_key>> read_keys(const key_source& from) {
  const auto read = read_operators_file(from.file, from.is_jwks ? jwks_bytes_max : pem_bytes_max);
  if (!read) return read.error();
  if (from.is_jwks) return read_jwks(read->text, from.alg);
  auto key = public_key::from_pem(read->text, *from.alg);
  if (!key) return key.error();
  std::vector<verifying_key> one;
  one.emplace_back(std::move(*key), from.kid);
  return one;
}

std::string name_of(const verifying_key& key) {
  return key.kid() ? "the key with kid " + *key.kid() : "the " + std::string{to_string(key.alg())} + " key without kid";
}

}  // namespace

result<void> load_keys(const key_source& from, key_ring& into) {
  auto keys = read_keys(from);
  if (!keys) return failure{from.file.string() + " " + keys.error().what};
  for (auto& key : *keys) {
    const auto name = name_of(key);
    if (auto added = into.add(std::move(key)); !added) {
      return failure{from.file.string() + ": " + name + " " + added.error().what};
    }
  }
  return {};
}

}  // namespace haulcast::auth
