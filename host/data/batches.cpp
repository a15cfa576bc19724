#include "data/batches.hpp"

#include <omp.h>

#include <algorithm>
#include <numeric>

#include "abi/context.hpp"

namespace basin {

namespace {
constexpr size_t kAhead = 3;  // batches prepared before they are asked for

// A permutation of 0..n-1 that depends on (seed, epoch) alone: items in the order of 32 random bits, ties by item.
std::vector<int64_t> permuted(int64_t n, uint64_t seed, int64_t epoch) {
  const int64_t id = 0;
  Tensor bits = draw(stream_of(seed, BASIN_PURPOSE_ORDER, static_cast<uint64_t>(epoch)), BASIN_BITS, {&id, 1}, {n});
  const auto* key = bits.const_data_ptr<int64_t>();
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return std::pair(key[a], a) < std::pair(key[b], b); });
  return order;
}
}  // namespace

Batches::Batches(std::shared_ptr<const Dataset> data, uint64_t seed, int64_t batch, bool flip, int64_t first_step)
    : data_(std::move(data)), seed_(seed), batch_(batch), step_(first_step), flip_(flip && data_->is_bytes()) {
  worker_ = std::thread([this] { work(); });
}

Batches::~Batches() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

Batch Batches::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return batch;
}

void Batches::work() {
  at::NoGradGuard no_grad;
  // One thread: a second team of OpenMP workers would fight the training's for the cores, and libgomp's threads fall
  // asleep between any two loops once there are more of them than cores (a third of a small model's step). LibTorch sets
  // its own number when a thread first asks, here and in its library, so ours comes after that.
  at::internal::lazy_init_num_threads();
  at::get_num_threads();
  omp_set_num_threads(1);
  for (int64_t step = step_;; step++) {
    Batch batch;
    try {
      batch = prepare(step);
    } catch (...) {
      std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
      return;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || ready_.size() < kAhead; });
    if (stop_) return;
    ready_.push_back(std::move(batch));
    changed_.notify_all();
  }
}

const std::vector<int64_t>& Batches::permutation(int64_t epoch) {
  if (epoch != epoch_) {
    order_ = permuted(data_->count(), seed_, epoch);
    epoch_ = epoch;
  }
  return order_;
}

Batch Batches::prepare(int64_t step) {
  const int64_t n = data_->count();
  std::vector<int64_t> indices, rows(static_cast<size_t>(batch_));
  std::iota(rows.begin(), rows.end(), 0);
  for (int64_t row : rows) {
    const int64_t position = step * batch_ + row;
    indices.push_back(permutation(position / n)[static_cast<size_t>(position % n)]);
  }
  Batch batch;
  batch.step = step;
  batch.x0 = data_->images(indices, &batch.labels);
  if (flip_) {
    Tensor coin = draw(stream_of(seed_, BASIN_PURPOSE_AUGMENT, static_cast<uint64_t>(step)), BASIN_UNIFORM, rows, {1});
    batch.x0 = at::where(coin.reshape({-1, 1, 1, 1}) < 0.5, batch.x0.flip({3}), batch.x0);
  }
  return batch;
}

}  // namespace basin
