// Runs beside each other, their samples cell by cell, and their rows for other programs.
#include "run/compare.hpp"

#include "run/cells.hpp"
#include "run/export.hpp"
#include "support.hpp"

using namespace basin;

namespace {

// samples/NAME.safetensors with `count` images [3,2,2] whose bytes are all `value` (the last image's: value + 4).
void put_samples(const fs::path& folder, const std::string& name, const std::string& label, int seed, int steps,
                 uint8_t value, int count = 3) {
  const json protocol{{"label", label},
                      {"seed", seed},
                      {"first", 0},
                      {"precision", "fp32"},
                      {"sampler", {{"component", "ddpm"}, {"options", {{"steps", steps}}}}}};
  std::string header =
      json{{"__metadata__", {{"protocol", protocol.dump()}}},
           {"images", {{"dtype", "U8"}, {"shape", {count, 3, 2, 2}}, {"data_offsets", {0, count * 12}}}}}
          .dump();
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += header + std::string(static_cast<size_t>(count - 1) * 12, static_cast<char>(value)) +
           std::string(12, static_cast<char>(value + 4));
  put(folder / "samples" / (name + ".safetensors"), bytes);
}

fs::path run_with(const fs::path& root, const std::string& name, const std::string& lr, int images) {
  auto run = open_run(root, name, {{"lr", lr}},
                      {{"options",
                        {{{"name", "batch"}, {"value", "32"}, {"origin", "default"}},
                         {{"name", "lr"}, {"value", lr}, {"origin", "s.lua:3"}}}}});
  for (int step = 10; step <= (name == "a" ? 30 : 20); step += 10) run->metrics({{"step", step}, {"loss", 1.0 / step}});
  run->record("fid-1", {{"metric", "fid"},
                        {"label", "ema"},
                        {"scalars", {{{"name", "fid"}, {"value", images / 10.0}, {"low", 1}, {"high", 2}}}},
                        {"protocol",
                         {{"images", {{"count", images}, {"model", {{"component", name}}}}}, {"interval", "95 %"}}}});
  return run->folder();
}

}  // namespace

TEST_CASE("A comparison: what differs first, numbers side by side, and where protocols are not one") {
  Scratch scratch;
  const Everything all = collect({run_with(scratch.path, "a", "0.1", 64), run_with(scratch.path, "b", "0.2", 128)});
  const auto options = options_of(all);
  REQUIRE(options.size() == 2);
  CHECK(options[0].name == "lr");
  CHECK(options[0].differs);
  CHECK(options[0].values == std::vector<std::string>{"0.1", "0.2"});
  CHECK_FALSE(options[1].differs);
  const auto metrics = metrics_of(all);
  REQUIRE(metrics.size() == 1);
  CHECK(metrics[0].values[0].value == 6.4);
  CHECK(metrics[0].values[1].value == 12.8);
  CHECK(metrics[0].caveats == std::vector<std::string>{"images.count: 64 | 128"});  // the model is not the protocol
  CHECK(text_of(metrics[0].values[0]) == "6.4 [1, 2]");
  const auto at = equal_step_of(all);
  CHECK(at.step == 20);
  CHECK(at.loss == std::vector<double>{0.05, 0.05});
}

TEST_CASE("A run that measured something twice has a row for each protocol") {
  Scratch scratch;
  const auto a = run_with(scratch.path, "a", "0.1", 64), b = run_with(scratch.path, "b", "0.2", 128);
  json again = *read_result(a, "fid-1");
  again["protocol"]["images"]["count"] = 128;
  again["scalars"][0]["value"] = 11;
  record_result(a, "fid-2", again);
  const auto metrics = metrics_of(collect({a, b}));
  REQUIRE(metrics.size() == 2);
  for (const auto& row : metrics) {
    CHECK(row.caveats.empty());
    if (std::isfinite(row.values[1].value)) CHECK(row.values[0].value == 11);  // of equal protocol
  }
}

TEST_CASE("Samples are compared cell by cell where they began from the same noise") {
  Scratch scratch;
  const auto a = run_with(scratch.path, "a", "0.1", 64), b = run_with(scratch.path, "b", "0.2", 64);
  put_samples(a, "ema-1", "ema", 0, 20, 10);
  put_samples(a, "ema-other-seed", "ema", 1, 20, 10);
  put_samples(b, "ema-1", "ema", 0, 20, 13, 2);
  put_samples(b, "raw", "", 0, 20, 13);
  std::vector<std::string> problems;
  auto cells = cells_of(collect({a, b}), problems);
  REQUIRE(cells.size() == 1);
  CHECK(problems.empty());
  CHECK(cells[0].title == "ema, seed 0");
  CHECK(cells[0].subjects == std::vector<std::string>{"a", "b"});
  CHECK(cells[0].count == 2);
  CHECK(cells[0].difference(0, 0) == 0);
  CHECK(cells[0].difference(1, 0) == 3);  // 13 - 10 in every pixel
  CHECK(cells[0].difference(1, 1) == 7);  // 17 - 10
  CHECK(cells[0].caveats.empty());
  const auto tile = cells[0].tile(1);
  CHECK(tile.width == 2);
  CHECK(tile.height == 4);
  CHECK(static_cast<int>(tile.pixels.front()) == 10);
  CHECK(static_cast<int>(tile.pixels.back()) == 17);
  const auto sheet = cells[0].sheet(8);
  CHECK(sheet.pixels.size() == static_cast<size_t>(sheet.width) * sheet.height * 3);

  put_samples(b, "ema-1", "ema", 0, 50, 13, 2);  // another sampler: still beside each other, and said
  cells = cells_of(collect({a, b}), problems);
  REQUIRE(cells.size() == 1);
  CHECK(cells[0].caveats == std::vector<std::string>{"sampler: ddpm { steps = 20 } | ddpm { steps = 50 }"});

  put_samples(a, "quantized", "ema, 4 bits", 0, 20, 12);  // of one run: its models among each other
  cells = cells_of(collect({a}), problems);
  REQUIRE(cells.size() == 1);
  CHECK(cells[0].subjects.size() == 2);
  CHECK(cells[0].difference(1, 0) == 2);
}

TEST_CASE("Damaged samples are a sentence each, and the rest is compared") {
  Scratch scratch;
  const auto a = run_with(scratch.path, "a", "0.1", 64), b = run_with(scratch.path, "b", "0.2", 64);
  put_samples(a, "ema-1", "ema", 0, 20, 10);
  put_samples(b, "ema-1", "ema", 0, 20, 13);
  const std::string whole = get(a / "samples" / "ema-1.safetensors");
  int n = 0;
  std::vector<std::string> bad{"",
                               "short",
                               whole.substr(0, 40),
                               whole.substr(0, whole.size() - 1),
                               std::string(100, '\xff'),
                               std::string(100, '\0')};
  for (const std::string& from : std::initializer_list<std::string>{R"("U8")", "[3,3,2,2]", "[0,36]", "protocol"}) {
    std::string other = whole;
    other.replace(other.find(from), from.size(), std::string(from.size(), '9'));
    bad.push_back(other);
  }
  std::string huge = whole;
  huge.replace(huge.find("[3,3,2,2]"), 9, "[9,3,9,9]");
  bad.push_back(huge);
  for (const auto& bytes : bad) put(a / "samples" / ("bad" + std::to_string(n++) + ".safetensors"), bytes);
  std::vector<std::string> problems;
  CHECK(cells_of(collect({a, b}), problems).size() == 1);
  CHECK(problems.size() == bad.size());
  for (const auto& sentence : problems) CHECK(has(sentence, "samples/bad"));
}

TEST_CASE("Rows for other programs: CSV with quotes where they must be, JSON lines") {
  Scratch scratch;
  const Everything all = collect({run_with(scratch.path, "a", "0.1", 64), run_with(scratch.path, "b", "0.2", 64)});
  const std::string csv = csv_of(metric_rows(all));
  CHECK(has(csv, "run,step,loss,segment\n00001-a,10,0.1,0\n"));
  CHECK(has(csv, "00002-b,20,0.05,0\n"));
  CHECK(has(csv_of(result_rows(all)),
            "run,metric,weights,number,value,low,high,protocol\n00001-a,fid,ema,fid,6.4,1,2,\"{\"\""));
  CHECK(csv_of({{{"run", "a,\"b\"\n"}, {"x", nullptr}}, {{"y", 1e-5}}}) == "run,x,y\n\"a,\"\"b\"\"\n\",,\n,,1e-05\n");
  CHECK(csv_of({}) == "");
  CHECK(json::parse(jsonl_of(metric_rows(all)).substr(0, jsonl_of(metric_rows(all)).find('\n')))["run"] == "00001-a");
}
