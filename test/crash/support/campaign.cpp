#include "campaign.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>
#include <thread>

namespace tidemark::test {
namespace {

using Clock = std::chrono::steady_clock;

class Campaign {
 public:
  Campaign(const CampaignPlan& plan, const std::function<void(const Violation&)>& found)
      : plan_(plan), found_(found) {
    for (const Workload& workload : workloads()) {
      if (plan.only.empty() || plan.only == workload.name) chosen_.push_back(&workload);
    }
    for (const Workload* workload : chosen_) {
      Figures figures;
      figures.workload = workload->name;
      result_.figures.push_back(std::move(figures));
    }
  }

  CampaignResult run() {
    if (chosen_.empty()) return result_;
    const std::clock_t begin = std::clock();
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < plan_.threads; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    result_.cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    result_.states = seen_.states();
    result_.images = seen_.images();
    result_.rounds = (next_ + chosen_.size() - 1) / chosen_.size();
    result_.complete = finished_ >= chosen_.size();
    for (const Figures& figures : result_.figures) result_.rows.add(figures.rows);
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool late() const { return plan_.limit && Clock::now() - started_ >= *plan_.limit; }

  // Takes one life of one workload after the other.
  void work() {
    while (true) {
      std::size_t unit = 0;
      {
        const std::scoped_lock lock(mutex_);
        if (enough_violations_ || late()) return;
        if (next_ >= chosen_.size() && seen_.states() >= plan_.states) return;
        unit = next_++;
      }
      const bool first_round = unit < chosen_.size();
      Explorer explorer(seen_, plan_.effort, [this, first_round] {
        return enough_violations_ || late() || (!first_round && seen_.states() >= plan_.states);
      });
      const std::size_t number = unit % chosen_.size();
      const Figures figures =
          explorer.explore(*chosen_[number], plan_.seed + unit / chosen_.size());
      const std::scoped_lock lock(mutex_);
      ++finished_;
      result_.figures[number].add(figures);
      for (const Violation& violation : explorer.violations()) {
        found_(violation);
        result_.violations.push_back(violation);
      }
      if (result_.violations.size() >= plan_.violations) enough_violations_ = true;
    }
  }

  const CampaignPlan& plan_;
  const std::function<void(const Violation&)>& found_;
  const Clock::time_point started_ = Clock::now();
  std::vector<const Workload*> chosen_;
  Seen seen_;
  std::atomic<bool> enough_violations_ = false;
  std::mutex mutex_;  // guards everything below
  std::size_t next_ = 0;
  std::size_t finished_ = 0;
  CampaignResult result_;
};

}  // namespace

CampaignResult run_campaign(const CampaignPlan& plan,
                            const std::function<void(const Violation&)>& found) {
  return Campaign(plan, found).run();
}

}  // namespace tidemark::test
