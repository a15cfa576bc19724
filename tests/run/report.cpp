// report.html: what is in it, that it needs nothing else, and that nothing in a run folder can break it.
#include "run/report.hpp"

#include "run/chart.hpp"
#include "run/collect.hpp"
#include "support.hpp"

using namespace basin;

namespace {

json kid(const std::string& label, double value) {
  return {{"metric", "kid"},
          {"label", label},
          {"scalars", {{{"name", "kid"}, {"value", value}, {"low", value - 0.1}, {"high", value + 0.1}}}},
          {"curves", json::array()},
          {"protocol",
           {{"features", "small_features, 32"},
            {"images",
             {{"count", 256}, {"sampler", {{"component", "ddpm"}, {"options", {{"steps", 20}}}, {"version", "1"}}}}},
            {"label", label}}},
          {"seconds", 1.25}};
}

json loss(const std::string& label) {
  return {{"metric", "optimal_loss"},
          {"label", label},
          {"scalars", {{{"name", "gap"}, {"value", 0.25}, {"low", nullptr}, {"high", nullptr}}}},
          {"curves",
           {{{"name", "gap"},
             {"x_label", "t"},
             {"x", {0, 1, 2}},
             {"y", {1.0, nullptr, 3.0}},
             {"low", {0.5, 0.5, 2.5}},
             {"high", {1.5, 1.5, 3.5}}}}},
          {"protocol", {{"queries", "128"}}},
          {"seconds", 2}};
}

json plane(const json& z) {
  return {
      {"metric", "loss_surface"},
      {"label", "ema"},
      {"scalars", {{{"name", "loss"}, {"value", 0.1}, {"low", nullptr}, {"high", nullptr}}}},
      {"curves", json::array()},
      {"grids", {{{"name", "loss"}, {"x_label", "a"}, {"y_label", "b"}, {"x", {0, 1}}, {"y", {0, 1, 2}}, {"z", z}}}}};
}

// Two finished runs; their folders.
std::vector<fs::path> two_runs(const fs::path& root) {
  put(root / "s.lua", "-- if a < b then\nprint '&'\n");
  std::vector<fs::path> out;
  for (const char* name : {"adam", "sam"}) {
    auto run = open_run(
        root, name, {{"name", name}},
        {{"command", "basin run s.lua"},
         {"script", (root / "s.lua").string()},
         {"options",
          {{{"name", "optimizer"}, {"value", name}, {"origin", "scripts/s.lua:3"}},
           {{"name", "batch"}, {"value", 32}, {"origin", "default"}}}},
         {"plugins", {{{"name", name}, {"version", "0.1.0"}, {"file", "/x.so"}, {"sha256", std::string(64, 'a')}}}}});
    for (int step = 10; step <= 50; step += 10)
      run->metrics({{"step", step}, {"loss", 1.0 / step}, {"images_per_second", 100}});
    run->record("kid-1", kid("ema", 0.5));
    run->record("kid-2", kid("ema, 8 bits", 0.75));
    run->record("optimal_loss-1", loss("ema"));
    put(run->samples() / "ema-1.png", std::string("\x89PNG\r\n\x1a\n\x00", 9));
    run->set_state({{"status", "finished"}, {"step", 50}, {"seconds", 75.0}});
    out.push_back(run->folder());
  }
  return out;
}

std::string report(const fs::path& root, const std::vector<fs::path>& runs, const std::string& title = "") {
  write_report(root / "report.html", runs, title);
  return get(root / "report.html");
}

// Tags that open and close in order; "" or the first that does not.
std::string unbalanced(const std::string& html) {
  static const std::vector<std::string> empty = {"meta", "img", "line", "path", "circle", "br", "i/"};
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != html.npos; at = html.find('<', at)) {
    if (html.compare(at, 2, "<!") == 0) {
      at++;
      continue;
    }
    const size_t end = html.find('>', at);
    if (end == html.npos) return "<";
    const bool closing = html[at + 1] == '/', self = html[end - 1] == '/';
    const size_t from = at + 1 + closing;
    const std::string name = html.substr(from, html.find_first_of(" />", from) - from);
    at = end + 1;
    if (!closing && (name == "style" || name == "script")) {
      at = html.find("</" + name, at);
      if (at == html.npos) return name;
      at = html.find('>', at) + 1;
    } else if (closing) {
      if (open.empty() || open.back() != name) return "/" + name;
      open.pop_back();
    } else if (!self && std::find(empty.begin(), empty.end(), name) == empty.end()) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : open.back();
}

}  // namespace

TEST_CASE("A report of two runs holds results, curves, pictures, configuration, script and environment") {
  Scratch scratch;
  const std::string html = report(scratch.path, two_runs(scratch.path));
  CHECK(unbalanced(html) == "");
  CHECK(has(html, "<title>adam, sam</title>"));
  CHECK(has(html, "<td class=\"n\">0.5 <small>[0.4, 0.6]</small></td>"));
  CHECK(has(html, "<td>sam</td><td>ema, 8 bits</td><td class=\"n\">0.75 <small>[0.65, 0.85]</small></td>"));
  CHECK(has(html, "<td class=\"n\">0.25</td>"));  // exact: no interval
  CHECK(has(html, "<dt>features</dt><dd>small_features, 32</dd>"));
  CHECK(has(html, "<dt>images.sampler</dt><dd>ddpm { steps = 20 }</dd>"));
  CHECK(has(html, "sam: ema, 8 bits: ema, 8 bits<br>"));  // what differs stands by result
  CHECK(has(html, "optimal_loss: gap</figcaption>"));
  CHECK(has(html, "<figcaption>loss</figcaption>"));
  CHECK(has(html, "src=\"data:image/png;base64,iVBORw0KGgoA\""));
  CHECK(has(html, "<tr class=\"differs\"><td>optimizer</td><td>adam <span class=\"origin\">s.lua:3</span></td>"));
  CHECK(has(html, "<tr><td>batch</td><td>32</td><td>32</td></tr>"));
  CHECK(has(html, "-- if a &lt; b then\nprint &#39;&amp;&#39;"));
  CHECK(html.find("the script") == html.rfind("the script"));  // the same script is shown once
  CHECK(has(html, "<dt>libtorch</dt>"));
  CHECK(has(html, "plugin sam"));
  CHECK(has(html, "1:15"));  // training time
}

TEST_CASE("A grid that a metric found is shown as contours; one of another size is named") {
  if (!image::available()) return;
  Scratch scratch;
  const auto runs = two_runs(scratch.path);
  const auto pictures = [](const std::string& html) {
    size_t n = 0;
    for (size_t at = html.find("<img "); at != html.npos; at = html.find("<img ", at + 1)) n++;
    return n;
  };
  const size_t before = pictures(report(scratch.path, runs));
  put(runs[0] / "results" / "plane.json", plane({{1, 2}, {2, nullptr}, {3, 4}}).dump());
  put(runs[1] / "results" / "plane.json", plane({{1, 2}, {2}}).dump());
  const std::string html = report(scratch.path, runs);
  CHECK(unbalanced(html) == "");
  CHECK(pictures(html) == before + 1);
  CHECK(has(html, "<figcaption>loss_surface: loss, adam: ema</figcaption>"));
  CHECK(has(html, "loss_surface: loss, sam: ema is not shown: the grid &#39;loss&#39; has 3 values for 2 x 3 points"));
}

TEST_CASE("A report needs nothing beside it, and fits a phone and paper") {
  Scratch scratch;
  const std::string html = report(scratch.path, two_runs(scratch.path), "A < title");
  CHECK(has(html, "<h1>A &lt; title</h1>"));
  for (const char* outside : {"http:", "https:", "src=\"/", "href=", "url(", "@import", "//cdn"})
    CHECK_FALSE(has(html, outside));
  CHECK(has(html, "name=\"viewport\" content=\"width=device-width"));
  CHECK(has(html, "max-width: 100%"));
  CHECK(has(html, "@media print"));
}

TEST_CASE("One run is shown without a column for the run") {
  Scratch scratch;
  auto runs = two_runs(scratch.path);
  const std::string html = report(scratch.path, {runs[1]});
  CHECK(unbalanced(html) == "");
  CHECK(has(html, "<tr><td>ema</td><td class=\"n\">0.5 "));
  CHECK_FALSE(has(html, "class=\"differs\""));
  CHECK(has(report(scratch.path, {runs[1], runs[1]}), "00002-sam: ema"));  // of one name: by folder
}

TEST_CASE("Hostile and broken run folders give a page with a sentence, never a crash or markup of theirs") {
  Scratch scratch;
  auto runs = two_runs(scratch.path);
  const std::string evil = "</script><img src=x onerror=alert(1)>\xff\x01";
  {
    auto run = open_run(scratch.path, "evil", {},
                        {{"command", evil},
                         {"options", {{{"name", evil}, {"value", evil}, {"origin", evil}}, 3, json::array()}},
                         {"plugins", "none"}});
    run->metrics({{"step", 1}, {evil, 1.0}});
    run->metrics({{"step", 2}, {"loss", nullptr}});
    json result = loss(evil);
    result["metric"] = evil;
    result["scalars"][0]["name"] = evil;
    result["curves"][0]["name"] = evil;
    result["curves"][0]["y"] = {1, "x"};
    result["protocol"] = {{evil, {evil, {{evil, evil}}}}};
    run->record("evil", result);
    run->record("odd", {{"metric", "odd"},
                        {"scalars", 3},
                        {"curves", {{{"x", 1}}, 7}},
                        {"grids", {{{"z", 1}}, 7}},
                        {"protocol", {1, 2}},
                        {"seconds", "long"}});
    run->record("own", {{"rows", {1, 2}}});
    put(run->folder() / "results" / "list.json", "[1]");
    put(run->folder() / "results" / "broken.json", "{");
    fs::create_directory(run->folder() / "results" / "folder.json");
    fs::create_directory(run->samples() / "folder.png");
    runs.push_back(run->folder());
  }
  put(runs[0] / "run.json", "{ broken");
  fs::remove(runs[1] / "run.json");
  runs.push_back(scratch.path / "nowhere");
  const std::string html = report(scratch.path, runs);
  CHECK(unbalanced(html) == "");
  CHECK_FALSE(has(html, "<img src=x"));
  CHECK(has(html, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\xEF\xBF\xBD "));
  CHECK(has(html, "is not as Basin wrote it"));
  CHECK(has(html, "No such file or directory"));
  CHECK(has(html, "broken.json"));
  CHECK(has(html, "00001-adam"));  // by its folder where the record is gone
}

TEST_CASE("A report that cannot be written is one sentence and leaves the old one") {
  Scratch scratch;
  auto runs = two_runs(scratch.path);
  CHECK(has(sentence_of([&] { write_report(scratch.path / "no" / "report.html", runs); }), "cannot be written"));
  CHECK(has(sentence_of([&] { write_report(scratch.path / "report.html", {}); }), "at least one run"));
}

TEST_CASE("Charts: gaps break lines, single points are dots, long lines keep their peaks") {
  Chart chart{"c", "x", {{"a", {0, 1, 2, 3, 4}, {1, 2, NAN, 3, NAN}, {}, {}}}, false};
  std::string svg = svg_of(chart);
  CHECK(has(svg, "M58.0 "));
  CHECK(has(svg, "<circle"));
  CHECK_FALSE(has(svg, "nan"));
  CHECK(has(svg, "[1,2,null,3,null]"));

  Chart empty{"e", "x", {{"a", {}, {}, {}, {}}, {"b", {1}, {NAN}, {}, {}}}, true};
  CHECK(has(svg_of(empty), "<svg"));
  Chart flat{"f", "x", {{"a", {1}, {0}, {}, {}}}, true};
  CHECK_FALSE(has(svg_of(flat), "nan"));

  Line line{"long", {}, {}, {}, {}};
  for (int i = 0; i < 100000; i++) line.x.push_back(i), line.y.push_back(i == 77777 ? 1e3 : i % 7);
  svg = svg_of({"l", "x", {line}, false});
  CHECK(svg.size() < 60000);
  CHECK(has(svg, "77777"));
  CHECK(has(svg, ",1000,"));

  line.colour = 3;  // which a line keeps when it is thinned
  const std::string c3 = "var(--c3)";
  svg = svg_of({"l", "x", {line}, false});
  CHECK(has(svg, "background:" + c3));
  CHECK(has(svg, "stroke=\"" + c3));
  CHECK(has(svg, "{\"colour\":\"" + c3 + "\",\"dash\":0,"));

  Chart many{"m", "x", {}, false};  // more than there are colours
  for (int i = 0; i < 10; i++) many.lines.push_back({"m", {0, 1}, {0, 1.0 * i}, {}, {}});
  svg = svg_of(many);
  CHECK(has(svg, "stroke=\"var(--c1)\" stroke-width=\"1.6\"/>"));
  CHECK(has(svg, "stroke=\"var(--c1)\" stroke-width=\"1.6\" stroke-dasharray=\"6\"/>"));
  CHECK(has(svg, "{\"colour\":\"var(--c1)\",\"dash\":0,"));
  CHECK(has(svg, "{\"colour\":\"var(--c1)\",\"dash\":6,"));

  Chart log{"g", "x", {{"a", {1, 2, 3}, {1e-4, 1e-2, 1}, {}, {}}}, true};
  CHECK(has(svg_of(log), ">0.0001</text>"));
  CHECK(number_of(0.057321) == "0.05732");
  CHECK(number_of(1e6) == "1000000");
  CHECK(html_of("a\xC3\xA9\xE2\x82") == "a\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD");
}
