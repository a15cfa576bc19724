// A data set: the same items in every order, in every batch, on every thread; nothing beyond its end.
#include "data/dataset.hpp"

#include <thread>

#include "check/gates.hpp"
#include "check/test.hpp"

namespace basin::checking {
namespace {

// Some indices over the whole of it, the first and the last among them.
std::vector<int64_t> spread(int64_t count) {
  std::vector<int64_t> out;
  const int64_t n = std::min<int64_t>(count, 24);
  for (int64_t i = 0; i < n; i++) out.push_back(n == 1 ? 0 : i * (count - 1) / (n - 1));
  return out;
}

struct Items {
  Tensor values, labels;
};
Items read(const Dataset& data, const std::vector<int64_t>& indices) {
  Items out;
  out.values = data.read(indices, &out.labels);
  return out;
}

void items(Subject& subject) {
  const auto data = Dataset::open(subject.spec(subject.part()));
  const auto other = Dataset::open(subject.spec(subject.part()));
  expect(data->count() == other->count() && data->shape() == other->shape(),
         "opened twice, it describes itself otherwise");
  const auto indices = spread(data->count());
  const std::vector<int64_t> backwards(indices.rbegin(), indices.rend());
  const Items all = read(*data, indices), again = read(*data, backwards), elsewhere = read(*other, indices);
  const auto n = static_cast<int64_t>(indices.size());
  for (int64_t i = 0; i < n; i++) {
    const std::string item = "item " + std::to_string(indices[static_cast<size_t>(i)]);
    const Items one = read(*data, {indices[static_cast<size_t>(i)]});
    const auto same = [&](const Items& b, int64_t at) {
      return same_bits(all.values[i], b.values[at]) && same_bits(all.labels[i], b.labels[at]);
    };
    expect(same(one, 0), item + " read alone is another than in a batch");
    expect(same(again, n - 1 - i), item + " read again, in another order, is another");
    expect(same(elsewhere, i), item + " of two that were opened alike differs");
    const int64_t label = all.labels[i].item<int64_t>();
    expect(label >= -1 && label < std::max<int64_t>(data->classes(), data->classes() ? 0 : INT64_MAX),
           item + " has the label " + std::to_string(label) + ", and there are " + std::to_string(data->classes()) +
               " classes (-1 means none)");
  }
  expect(!all.values.is_floating_point() || at::isfinite(all.values).all().item<bool>(), "an item is not finite");
  subject.passed = std::to_string(data->count()) + " items of " + c10::str(c10::IntArrayRef(data->shape())) + "; " +
                   std::to_string(n) + " of them the same alone, in every order and opened again";
}

// Straight into the plugin, past the host's own check.
class Raw {
 public:
  explicit Raw(Subject& subject) : object(subject.make()) {
    functions_ = object->functions<basin_dataset_functions>();
    if (!functions_.open || !functions_.describe || !functions_.read) fail("it lacks open, describe or read");
    object->call([&] { return functions_.open(object->self()); });
    about.size = sizeof about;
    object->call([&] { return functions_.describe(object->self(), &about); });
    bytes = static_cast<size_t>(about.channels * about.height * about.width) * (about.dtype == BASIN_UINT8 ? 1 : 4);
  }
  void read(const std::vector<int64_t>& indices, void* values, int64_t* labels) {
    Loan loan("read returned");
    const auto* lent = loan.memory(indices.data(), indices.size(), "the list of indices");
    object->call(
        [&] { return functions_.read(object->self(), lent, static_cast<uint32_t>(indices.size()), values, labels); });
  }
  std::shared_ptr<Object> object;
  basin_dataset_description about{};
  size_t bytes = 0;  // of an item

 private:
  basin_dataset_functions functions_{};
};

void bounds(Subject& subject) {
  Raw raw(subject);
  constexpr char kMark = '\x5a';
  constexpr size_t kMargin = 1 << 16;
  std::vector<char> values(3 * raw.bytes + kMargin, kMark);
  std::vector<int64_t> labels(3 + 512, INT64_MIN + 7);
  for (const int64_t beyond : {raw.about.count, int64_t{-1}, int64_t{INT64_MAX}, int64_t{INT64_MIN}}) {
    const auto said = refusal([&] { raw.read({0, beyond}, values.data(), labels.data()); });
    expect(said.has_value(), "item " + std::to_string(beyond) + " of " + std::to_string(raw.about.count) +
                                 " was read, and should have been refused");
  }
  const int64_t last = raw.about.count - 1;
  raw.read({last, 0, last}, values.data(), labels.data());
  expect(std::all_of(values.begin() + static_cast<std::ptrdiff_t>(3 * raw.bytes), values.end(),
                     [](char c) { return c == kMark; }),
         "it writes beyond the end of the buffer of values");
  expect(std::all_of(labels.begin() + 3, labels.end(), [](int64_t l) { return l == INT64_MIN + 7; }),
         "it writes beyond the end of the buffer of labels");
  raw.read({0}, values.data(), nullptr);  // labels may be null
  subject.passed = "items below 0 and from " + std::to_string(raw.about.count) + " on are refused; buffers are kept to";
}

void threads(Subject& subject) {
  constexpr int kThreads = 4, kRounds = 8;
  const auto data = Dataset::open(subject.spec(subject.part()));
  const auto indices = spread(data->count());
  const Items expected = read(*data, indices);
  std::vector<std::string> wrong(kThreads);
  std::vector<std::thread> team;
  for (int k = 0; k < kThreads; k++)
    team.emplace_back([&, k] {
      try {
        for (int round = 0; round < kRounds; round++)
          if (!same_bits(read(*data, indices).values, expected.values))
            wrong[static_cast<size_t>(k)] = "its items differ";
      } catch (const std::exception& error) {
        wrong[static_cast<size_t>(k)] = error.what();
      }
    });
  for (auto& thread : team) thread.join();
  for (const auto& why : wrong) expect(why.empty(), "read on four threads at once: " + why);
}

}  // namespace

void live_dataset(Subject& subject) {
  Raw raw(subject);
  std::vector<char> values(raw.bytes * 2);
  std::vector<int64_t> labels(2);
  for (int call = 0; call < 2; call++) raw.read({0, raw.about.count - 1}, values.data(), labels.data());
}

std::vector<Test> dataset_tests() {
  return {{"dataset-items", "dataset", "Item i is always the same; labels are in range.", items},
          {"dataset-bounds", "dataset", "Items that are not there are refused; buffers are kept to.", bounds},
          {"dataset-threads", "dataset", "Four threads read the same items at once.", threads}};
}

}  // namespace basin::checking
