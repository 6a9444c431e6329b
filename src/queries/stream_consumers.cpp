#include "haulcast/queries/stream_consumers.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <utility>

namespace haulcast::queries {

result<stream_consumers::stored> stream_consumers::load(std::filesystem::path directory, const std::string& journal_id) {
  auto files = journal::checkpoints::open(std::move(directory), journal_id, {});
  if (!files) return files.error();
  const auto all = files->all();
  if (!all) return all.error();
  stored found{.files = std::move(*files), .journal_id = journal_id, .known = {}};
  for (const auto& [name, at] : *all) {
    found.known.emplace(name, progress{line_number{at.offset}, at.journal_id == journal_id});
  }
  return found;
}

std::optional<stream_consumers::progress> stream_consumers::find(std::string_view name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? std::nullopt : std::optional{found->second};
}

void stream_consumers::write(std::string name, line_number handled, std::function<void(outcome)> done) {
  const auto answer = [&](outcome how) { net::post(loop_, [done = std::move(done), how] { done(how); }); };
  if (waiting_ >= waiting_max) return answer(outcome::too_many_waiting);
  const auto known = known_.find(name);
  if (known == known_.end() && known_.size() + waiting_ >= names_max) return answer(outcome::too_many_names);
  if (known != known_.end() && known->second.of_this_journal && handled <= known->second.handled)
    return answer(outcome::committed);
  ++waiting_;
  writer_.run([this, name = std::move(name), handled, done = std::make_shared<std::function<void(outcome)>>(std::move(done))] {
    const auto before = files_.load(name);
    const bool further = !before || before->journal_id != journal_id_ || before->offset < handled.number();
    const auto stored = further ? files_.store(name, handled.number()) : result<void>{};
    if (!stored) spdlog::error("{}", stored.error().what);
    net::post(loop_, [this, name, handled, well = stored.has_value(), done] {
      written(name, handled, well);
      std::exchange(*done, {})(well ? outcome::committed : outcome::failed);
    });
  });
}

void stream_consumers::written(const std::string& name, line_number handled, bool well) {
  --waiting_;
  if (!well) return;
  auto& known = known_[name];
  known.handled = known.of_this_journal ? std::max(known.handled, handled) : handled;
  known.of_this_journal = true;
}

}  // namespace haulcast::queries
