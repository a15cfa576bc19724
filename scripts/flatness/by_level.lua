-- Figures 1 and 5, LPF and the Hessian once more, each by noise level: whether what SAM flattens, or what an average does
-- not, is a matter of all levels or of some; on held-out and on training images. Writes by_level.png.
local basin = require "basin"
local study = require "study"

local images, bands = basin.args.images, 4
local few = math.max(2 * bands, images // 4)  -- a band needs two
local lpf = basin.metric "lpf" { sigma = basin.args.sigma, draws = basin.args.draws, images = math.max(few, images), bands = bands }
local hessian = basin.metric "hessian" { top = 1, images = few, bands = bands, iterations = 15, probes = 4, density = 1 }
local along = basin.metric "loss_along" { along = "random", norm = "absolute", radii = { 2, 4, 6, 8, 10, 12 }, draws = basin.args.draws, images = math.max(few, images // 2), bands = bands }
local surface = basin.metric "loss_surface" { range = 0.3, points = 7, images = few, bands = bands }

local function find(list, name)
  for _, found in ipairs(list) do if found.name == name then return found end end
end
-- By name, what gives a list of a number a level for a model and images.
local quantities = {
  { "LPF - loss", function(model, data) return find(lpf:measure(model, data).curves, "lpf_minus_loss").y end },
  { "Hessian, trace", function(model, data) return find(hessian:measure(model, data).curves, "trace").y end },
  { "Hessian, top", function(model, data) return find(hessian:measure(model, data).curves, "top_eigenvalue").y end },
  { "rise at norm 8", function(model, data)  -- Figure 5
    local values = {}
    for i, rise in ipairs(find(along:measure(model, data).grids, "rise_random").z) do values[i] = rise[5] end
    return values
  end },
  { "rise over the plane", function(model, data)  -- Figure 1
    local values, grids = {}, surface:measure(model, data).grids
    for i = 1, bands do
      local z = basin.tensor(grids[i + 1].z)
      values[i] = (z:mean() - z[4][4]):item()  -- [4][4]: the model itself, in the middle
    end
    return values
  end },
}

local adam, others = study.rows[1], { study.rows[2], study.rows[7] }
for _, split in ipairs { "test", "train" } do
  local data, rows = study[split .. "_images"], {}
  for _, quantity in ipairs(quantities) do
    local name, of = table.unpack(quantity)
    rows[#rows + 1] = { name .. ", ADM", study.over_seeds(function(seed)
      return table.unpack(of(study.weights(adam, seed), data))
    end) }
    for _, row in ipairs(others) do
      rows[#rows + 1] = { row[3] .. " / ADM", study.over_seeds(function(seed)
        local shares, whole = of(study.weights(row, seed), data), of(study.weights(adam, seed), data)
        for i = 1, bands do shares[i] = shares[i] / whole[i] end
        return table.unpack(shares)
      end) }
    end
  end
  local columns = { split == "test" and "held-out images" or "training images" }
  for i = 1, bands do columns[i + 1] = ("t %d to %d"):format(1000 * (i - 1) // bands, 1000 * i // bands) end
  print(basin.table { columns = columns, rows = rows })
end
print "/ ADM: the share of Adam's number of the same seed"

local curves, names = {}, {}
local shown = along:measure(study.weights(adam, study.seeds[1]), study.test_images)
for _, row in ipairs { adam, others[2] } do
  local rise = find(along:measure(study.weights(row, study.seeds[1]), study.test_images).grids, "rise_random")
  for i = 1, bands do
    curves[#curves + 1] = basin.tensor(rise.z[i])
    names[#names + 1] = ("%s, t %g"):format(row[3], rise.y[i])
  end
end
print("picture: " .. basin.stack(curves):plot {
  path = "by_level.png", x = find(shown.grids, "rise_random").x, names = names, title = "Loss under a random perturbation",
  x_label = "norm of the perturbation", y_label = "loss - loss at 0",
})
study.footer()
