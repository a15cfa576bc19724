// One table declares a component's parameters and fills its fields.
#include "catch.hpp"
#include "fake_host.hpp"

using namespace basin;

namespace {

struct Wire {
  static constexpr const char* name = "wire";
  static constexpr const char* summary = "A data set of nothing.";
  bool on;
  int64_t count;
  double rate, tiny;
  std::string order;
  std::vector<int64_t> sizes;
  static auto parameters() {
    return declare(boolean("on", &Wire::on, true, "On."),
                   integer("count", &Wire::count, 3, "How many.").between(1, 9).unit("images"),
                   number("rate", &Wire::rate, 1e-4, "How fast.").at_least(0),
                   number("tiny", &Wire::tiny, 0.1, "Tenth."),
                   choice("order", &Wire::order, "new", {"new", "legacy"}, "Which."),
                   integers("sizes", &Wire::sizes, {16, 8}, "Sizes."));
  }
  void check() {
    if (count == 7) throw error("seven is not to be had");
  }
  void open() {}
  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.class_names = {"cat", "dog"}, info.classes = 2;
    return info;
  }
  void read(Span<const int64_t>, void*, int64_t*) { throw std::runtime_error("broken wire"); }
};

struct NoStep {
  static constexpr const char* name = "x";
  static constexpr const char* summary = "x";
  void start(Parameters, State) {}
  LossResult step(const Context&, const Closure& c) { return c(); }
};

const basin_plugin* enter(basin_status wanted = BASIN_OK) {
  const basin_plugin* plugin = nullptr;
  REQUIRE(detail::enter<DatasetComponent<Wire>>(&fake::host(), &plugin, "wire", "1", "MIT", "s") == wanted);
  return plugin;
}

basin_options given() {
  return {{{"on", 0}, {"count", 5}, {"rate", 0.25}, {"tiny", 0.5}}, {{"order", "legacy"}}, {{"sizes", {4, 2, 1}}}};
}

const basin_dataset_functions& functions(const basin_plugin* plugin) {
  return *static_cast<const basin_dataset_functions*>(plugin->components[0]->functions);
}

}  // namespace

TEST_CASE("a component declares itself") {
  const basin_component& c = *enter()->components[0];
  CHECK(std::string(c.interface) == BASIN_DATASET_INTERFACE);
  CHECK(std::string(c.name) == "wire");
  REQUIRE(c.n_parameters == 6);
  const auto text = [&](int i) { return std::string(c.parameters[i]->default_value); };
  CHECK(text(0) == "true");
  CHECK(text(1) == "3");
  CHECK(std::stod(text(2)) == 1e-4);
  CHECK(text(3) == "0.1");
  CHECK(text(4) == "new");
  CHECK(text(5) == "16, 8");
  CHECK(c.parameters[1]->minimum == 1);
  CHECK(c.parameters[1]->maximum == 9);
  CHECK(std::string(c.parameters[1]->unit) == "images");
  CHECK(c.parameters[0]->choices == nullptr);
  CHECK(c.parameters[0]->unit == nullptr);
  CHECK(c.parameters[0]->minimum == -HUGE_VAL);
  REQUIRE(c.parameters[4]->choices != nullptr);
  CHECK(std::string(c.parameters[4]->choices[1]) == "legacy");
  CHECK(c.parameters[4]->choices[2] == nullptr);
  CHECK(c.parameters[5]->type == BASIN_TYPE_INTEGERS);
}

TEST_CASE("options fill the fields") {
  const auto& f = functions(enter());
  const basin_options options = given();
  void* self = nullptr;
  REQUIRE(f.create(&options, &self) == BASIN_OK);
  const Wire& wire = detail::self_of<Wire, DatasetComponent<Wire>::Kept>(self).part;
  CHECK_FALSE(wire.on);
  CHECK(wire.count == 5);
  CHECK(wire.rate == 0.25);
  CHECK(wire.order == "legacy");
  CHECK(wire.sizes == std::vector<int64_t>{4, 2, 1});

  REQUIRE(f.open(self) == BASIN_OK);
  basin_dataset_description d{};
  d.size = sizeof d;
  REQUIRE(f.describe(self, &d) == BASIN_OK);
  CHECK(d.count == 5);
  CHECK(std::string(d.class_names[1]) == "dog");
  f.destroy(self);
}

TEST_CASE("failures cross the border as a status and a sentence") {
  const auto& f = functions(enter());
  void* self = nullptr;
  basin_options options = given();
  options.numbers["count"] = 7;
  CHECK(f.create(&options, &self) == BASIN_ERROR_ARGUMENT);
  CHECK(fake::sentence == "seven is not to be had");

  options = given();
  options.numbers.erase("rate");
  CHECK(f.create(&options, &self) == BASIN_ERROR_NOT_FOUND);
  CHECK(fake::sentence == "no option rate");

  options = given();
  REQUIRE(f.create(&options, &self) == BASIN_OK);
  CHECK(f.read(self, nullptr, 0, nullptr, nullptr) == BASIN_ERROR_RUNTIME);
  CHECK(fake::sentence == "broken wire");
  f.destroy(self);
}

TEST_CASE("a host that lacks what the plugin needs is told so") {
  const basin_plugin* plugin = nullptr;
  CHECK(detail::enter<OptimizerComponent<NoStep>>(&fake::host(), &plugin, "x", "1", "MIT", "s") == BASIN_ERROR_ABI);
  CHECK(fake::sentence.find(BASIN_TENSOR_INTERFACE) != std::string::npos);

  basin_host other = fake::host();
  other.abi_major = 99;
  CHECK(detail::enter<DatasetComponent<Wire>>(&other, &plugin, "x", "1", "MIT", "s") == BASIN_ERROR_ABI);
  CHECK(fake::sentence.find("99") != std::string::npos);
  enter();
}

TEST_CASE("a table of an older host: what it lacks fails when it is called, not before") {
  struct {
    uint32_t size;
    void (*write)(int32_t, const char*);
  } older{sizeof older, [](int32_t, const char* line) { fake::sentence = line; }};
  fake::interfaces[BASIN_LOG_INTERFACE] = &older;
  enter();
  log_info("hello");
  CHECK(fake::sentence == "hello");
  try {
    progress("steps", 1, 2);
    FAIL("progress() must not succeed");
  } catch (const error& e) {
    CHECK(e.status == BASIN_ERROR_ABI);
    CHECK(std::string(e.what()).find("a function of the interface") != std::string::npos);
  }
}
