// What the command line runs, once it has understood what is wanted. Each returns the process's exit code.
#pragma once

#include "haulcast/app/config.hpp"
#include "haulcast/auth/secret.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::app {

enum exit_code : int {
  exit_stopped = 0,         // as asked
  exit_failed = 1,          // while running
  exit_wrong_usage = 2,     // of the command line or the configuration
  exit_data_directory = 3,  // in use, or unusable
};

/// Runs the server until it is told to stop. The configuration has been validated and logging started. Prints one line on
/// stdout.
int serve(const config& cfg);

struct verify_options {
  bool from_start = false;  // fold the whole journal again, not only what follows the snapshots
};

/// Reads the journal of a data directory that no server is using, derives everything again, and says whether it came out the
/// same.
int verify(const config& cfg, const verify_options& options);

struct migrate_options {
  bool dry_run = false;  // tries it and takes it back
};

/// Takes the store's schema to this program's version and prints one line about it.
int migrate(const config& cfg, const migrate_options& options);

/// The secret that signs tokens: the configured one, or the generated one of the data directory, which is made when there is
/// none.
result<auth::generated_secret> signing_secret(const config& cfg);

/// Where the API keys are: the configured file, or `api-keys.json` in the data directory. It need not be there.
std::filesystem::path api_keys_file(const config& cfg);

}  // namespace haulcast::app
