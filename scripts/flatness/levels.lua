-- Are losses of diffusion flat because one network learns many noise levels, and has SAM less to do for that? Trainings on a
-- narrower and narrower range of levels around the middle, each measured there; and as a control with no levels at all the
-- same network trained to name the class of a clean image (where the data have classes).
local basin = require "basin"
local study = require "study"

-- What a loss or a metric captures is part of what it is: numbers, and not the tables they come from.
local draws, sigma, images = basin.args.draws, basin.args.sigma, basin.args.images
local steps = math.max(1, study.steps // 3)
local middle = study.process.steps // 2

-- LPF - loss, sigma and draws as everywhere, of losses that stand in the table losses(m) at the weights as they are.
local function lpf(name, losses)
  return basin.metric(name, function(m)
    local parameters, names, kept = m.model:parameters(), {}, {}
    for key, value in pairs(parameters) do names[#names + 1], kept[key] = key, value:copy() end
    table.sort(names)
    local found = losses(m)
    local rise = {}
    for key in pairs(found) do rise[key .. "_rise"] = 0 end
    for draw = 1, draws do
      for i, key in ipairs(names) do
        parameters[key][{}] = kept[key] + sigma * basin.randn(kept[key]:shape(), draw * #names + i)
      end
      for key, loss in pairs(losses(m)) do
        rise[key .. "_rise"] = rise[key .. "_rise"] + (loss - found[key]) / draws
      end
    end
    for key, value in pairs(rise) do found[key] = value end
    return found
  end)
end

-- Adam and SAM trained alike, and what `metric` finds in each: cell(key) is a cell of the table for Adam's, for SAM's, and
-- for SAM's share of Adam's.
local function compared(metric, options)
  options.steps = steps
  local found = { adam = {}, sam = {} }
  for _, method in ipairs { "adam", "sam" } do
    for _, seed in ipairs(study.seeds) do
      found[method][seed] = metric:measure(study.train(study.methods[method], seed, options), study.test_images)
    end
  end
  return function(method, key)
    return study.over_seeds(function(seed)
      if method == "share" then return found.sam[seed][key] / found.adam[seed][key] end
      return found[method][seed][key]
    end)
  end
end

-- Held-out images: blocks at equal distances through the data, which may be sorted by class. Gives what
-- of(first, count, block) gave for each.
local blocks = math.min(16, images)
local function spread(data, of)
  local all = {}
  for block = 0, blocks - 1 do all[block + 1] = of(1 + block * data.count // blocks, images // blocks, block) end
  return all
end

local rows = {}
for _, width in ipairs { 2 * middle, middle // 5, middle // 50 } do
  local from = middle - width // 2
  local metric = lpf("lpf_of_levels", function(m)
    local function loss(level_of)
      return basin.cat(spread(m.data, function(first, count, block) return m:losses(first, count, 0, level_of(block)) end)):mean():item()
    end
    return {
      range = loss(function(block) return from + (2 * block + 1) * width // (2 * blocks) end),
      middle = loss(function() return middle end),
    }
  end)
  local cell = compared(metric, {
    variant = "levels" .. width, noise_schedule = basin.noise_schedule "uniform" { from = from, to = from + width },
  })
  rows[#rows + 1] = {
    width, cell("adam", "middle"), cell("sam", "middle"),
    cell("adam", "middle_rise"), cell("sam", "middle_rise"), cell("share", "middle_rise"),
    cell("adam", "range_rise"), cell("sam", "range_rise"), cell("share", "range_rise"),
  }
end
print(("LPF - loss after %d steps, at the level %d and over the levels that were trained:"):format(steps, middle))
print(basin.table {
  columns = {
    "levels", "ADM: loss at " .. middle, "+SAM", "ADM: LPF - loss", "+SAM", "share", "ADM: of the range", "+SAM", "share",
  },
  rows = rows,
})

local classes = study.train_images.classes
if classes > 0 then
  assert(classes <= 12, "the control reads at most 12 classes from the network's output")
  local identity, half = basin.eye(classes), study.image // 2
  -- The means of the three channels over the four quarters of the image are the classes' logits.
  local function log_probabilities(output)  -- [B,3,H,W] -> [B,classes]
    local quarters = output:to("float32"):reshape(-1, 3, 2, half, 2, half):mean(4, 6):reshape(-1, 12)
    local logits = quarters[{ {}, { 1, classes } }]
    return logits - logits:exp():sum(2):log():unsqueeze(2)
  end
  local function cross_entropy(logp, labels) return -(logp * identity[labels + 1]):sum(2) end  -- [B]

  local metric = lpf("lpf_of_classifier", function(m)
    local labels = basin.cat(spread(m.data, function(first, count) return m.data:labels(first, count) end))
    local shown = basin.cat(spread(m.data, function(first, count) return m.data:read(first, count) end))
    local logp = log_probabilities(m.model(shown, 0))
    return {
      loss = cross_entropy(logp, labels):mean():item(), right = logp:argmax(2):eq(labels + 1):to("float32"):mean():item(),
    }
  end)
  local cell = compared(metric, {
    variant = "classifier",
    loss = function(model, x0, noise, t, context)
      return cross_entropy(log_probabilities(model(x0, t * 0)), context.labels)
    end,
  })
  rows = {}
  for i, method in ipairs { "adam", "sam" } do
    rows[i] = { i == 1 and "ADM" or "+SAM", cell(method, "right"), cell(method, "loss"), cell(method, "loss_rise") }
  end
  rows[3] = { "share", "", "", cell("share", "loss_rise") }
  print(("The same network as a classifier of %d kinds:"):format(classes))
  print(basin.table { columns = { "", "right", "cross-entropy", "LPF - loss" }, rows = rows })
end
study.footer()
