// Certificates for tests: an authority of their own, and what it issues.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace haulcast::tls::test {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* made) const noexcept {
    Free(made);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using text_file = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

enum class key_kind { p256, rsa2048, rsa1024 };

inline key_ptr make_key(key_kind kind) {
  if (kind == key_kind::p256) return key_ptr{EVP_EC_gen("P-256")};
  return key_ptr{EVP_RSA_gen(kind == key_kind::rsa2048 ? 2048U : 1024U)};
}

struct wanted {
  key_kind kind = key_kind::p256;
  std::string names = "IP:127.0.0.1,DNS:localhost";
  std::chrono::hours from{-24};  // from now on
  std::chrono::hours to{24 * 90};
};

struct files {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path authority;
};

/// Vouches for what it issues. Throws when OpenSSL cannot.
class authority {
 public:
  authority() : key_{make_key(key_kind::p256)}, own_{make(*key_, "haulcast test authority", {})} {
    extend(*own_, NID_basic_constraints, "critical,CA:TRUE");
    extend(*own_, NID_key_usage, "critical,keyCertSign");
    sign(*own_);
  }

  /// Writes `name`.pem, `name`.key and authority.pem into the directory.
  files issue(const std::filesystem::path& directory, const std::string& name = "server", const wanted& what = {}) const {
    const auto key = make_key(what.kind);
    const auto made = make(*key, name, what);
    X509_set_issuer_name(made.get(), X509_get_subject_name(own_.get()));
    extend(*made, NID_subject_alt_name, what.names.c_str());
    sign(*made);
    const files where{directory / (name + ".pem"), directory / (name + ".key"), directory / "authority.pem"};
    write(where.certificate, [&](std::FILE* to) { return PEM_write_X509(to, made.get()); });
    write(where.key, [&](std::FILE* to) { return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    write(where.authority, [&](std::FILE* to) { return PEM_write_X509(to, own_.get()); });
    ::chmod(where.key.c_str(), S_IRUSR | S_IWUSR);
    return where;
  }

 private:
  static void check(bool done) {
    if (!done) throw std::runtime_error{"OpenSSL cannot make a certificate"};
  }
  template <class Write>
  static void write(const std::filesystem::path& path, const Write& how) {
    const text_file to{std::fopen(path.c_str(), "w")};
    check(to != nullptr && how(to.get()) == 1);
  }
  static x509_ptr make(EVP_PKEY& key, const std::string& name, const wanted& what) {
    x509_ptr made{X509_new()};
    check(made != nullptr);
    static long serial = 1;
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), std::chrono::seconds{what.from}.count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), std::chrono::seconds{what.to}.count());
    X509_set_pubkey(made.get(), &key);
    auto* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    return made;
  }
  static void extend(X509& what, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    check(extension != nullptr && X509_add_ext(&what, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  void sign(X509& what) const { check(X509_sign(&what, key_.get(), EVP_sha256()) > 0); }

  key_ptr key_;
  x509_ptr own_;
};

}  // namespace haulcast::tls::test
