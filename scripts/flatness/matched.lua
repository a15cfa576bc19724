-- SAM against Adam at equal steps, at equal time (SAM at half the steps: it takes two passes) and at equal loss: whether SAM is
-- flat, and loses less to rounding, because it is behind in its training. From the weights that both trainings passed through.
local basin = require "basin"
local study = require "study"

local marks = {}
for _, step in ipairs(study.size.snapshots) do
  if step < study.steps then marks[#marks + 1] = step end
end
marks[#marks + 1] = study.steps

local found = {}  -- by method and step: for each seed { loss, LPF - loss, what 4 bits add to the loss }
local rows = {}
for _, method in ipairs { "adam", "ip", "sam" } do
  found[method] = {}
  for _, step in ipairs(marks) do
    local at = {}
    found[method][step] = at
    for i, seed in ipairs(study.seeds) do
      local _, run = study.weights({ method, "ema" }, seed)
      local model = study.earlier(run, step, "ema")
      local function measured(it) return study.lpf_metric:measure(it, study.test_images, { process = study.process }) end
      local flat = measured(model)
      at[i] = { flat.loss, flat.lpf_minus_loss, measured(study.quantized(model, run, 4)).loss - flat.loss }
    end
    local function over(k)
      local i = 0
      return study.over_seeds(function() i = i + 1 return at[i][k] end)
    end
    rows[#rows + 1] = { method, step, step * (method == "sam" and 2 or 1), over(1), over(2), over(3) }
  end
end
print(basin.table { columns = { "+EMA of", "steps", "passes", "loss", "LPF - loss", "4 bits: loss" }, rows = rows })

-- SAM's minus Adam's, one pair for each seed, of LPF - loss and of what 4 bits cost; `missing` where a seed has no pair.
local function differences(pair, missing)
  local cells = {}
  for k = 2, 3 do
    local i, all = 0, true
    for seed in ipairs(study.seeds) do all = all and pair(seed, k) end
    cells[k - 1] = all and study.over_seeds(function() i = i + 1 return pair(i, k) end) or missing
  end
  return table.unpack(cells)
end

-- Against Adam where its loss was SAM's last one: along its own training, between the two marks around it.
local function at_equal_loss(i, k)
  local target = found.sam[study.steps][i]
  for m = 1, #marks - 1 do
    local a, b = found.adam[marks[m]][i], found.adam[marks[m + 1]][i]
    if (a[1] - target[1]) * (b[1] - target[1]) <= 0 then
      local share = (a[1] - target[1]) / (a[1] - b[1])
      return target[k] - (a[k] + share * (b[k] - a[k])), marks[m] + share * (marks[m + 1] - marks[m])
    end
  end
end
local function at(sam, adam)
  return function(i, k) return found.sam[sam] and found.sam[sam][i][k] - found.adam[adam][i][k] end
end

local half = study.steps // 2
local _, step = at_equal_loss(1, 2)
print(basin.table {
  columns = { "SAM minus Adam", "LPF - loss", "4 bits: loss" },
  rows = {
    { "at equal steps", differences(at(study.steps, study.steps)) },
    { "at equal time", differences(at(half, study.steps), "no weights of SAM at half the steps were kept") },
    { step and ("at equal loss, which Adam had after %d steps or so"):format(math.floor(step)) or "at equal loss",
      differences(at_equal_loss, "Adam's loss was never SAM's last one") },
  },
})
study.footer()
