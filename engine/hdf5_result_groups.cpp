#include "engine/hdf5_result_groups.hpp"

#include "engine/hdf5_objects.hpp"
#include "engine/hdf5_scales.hpp"

namespace parley::hdf5 {

namespace {

constexpr int schema_version = 4;

}  // namespace

void write_root(hid_t root, const ResultSchema& schema, const StoredConfig& config) {
    write_attribute(root, "schema_version", H5T_STD_I32LE, H5T_NATIVE_INT, scalar_space(), &schema_version);
    write_text(root, "format", "parley-result");
    write_text(root, "model", schema.model);
    write_text(root, "title", schema.title.empty() ? "Parley result of the model " + schema.model : schema.title);
    const Group group = open_group(root, "config");
    write_text(group.id(), "text", config.text);
    for (const auto& [key, value] : config.values) write_text(group.id(), key, value);
}

void write_summary(hid_t root, const ResultSchema& schema, const Row& row) {
    const Group group = open_group(root, "summary");
    GroupScales scales(group, schema, schema.summary);
    auto count = row.counts.begin();
    auto real = row.reals.begin();
    for (const Variable& variable : schema.summary) {
        const auto width = static_cast<std::ptrdiff_t>(width_of(schema, variable));
        const bool wide = !variable.dimension.empty();
        const Space space = wide ? simple_space({static_cast<hsize_t>(width)}) : scalar_space();
        const Dataset dataset = create_fixed(group.id(), variable.name, file_type(variable.kind), space, !wide);
        const bool is_count = variable.kind == NumberKind::count;
        const void* values = is_count ? static_cast<const void*>(&*count) : &*real;
        checked(H5Dwrite(dataset.id(), memory_type(variable.kind), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                "write the summary");
        count += is_count ? width : 0;
        real += is_count ? 0 : width;
        describe(dataset, variable.unit, variable.long_name);
        if (wide) attach(dataset, scales.of(variable, nullptr));
    }
    scales.write_uses();
}

void write_provenance(hid_t root, const std::map<std::string, std::string>& texts,
                      const std::map<std::string, double>& numbers) {
    const Group group = open_group(root, "provenance");
    for (const auto& [name, value] : texts) write_text(group.id(), name, value);
    for (const auto& [name, value] : numbers) write_number(group.id(), name, value);
}

}  // namespace parley::hdf5
