/* Colour maps by name. viridis, plasma, inferno, magma and cividis are matplotlib's (CC0), turbo is Google's
 * (Apache 2.0), rdylgn to greens are ColorBrewer's (Apache 2.0; Cynthia Brewer, Pennsylvania State
 * University). Between the colours it goes straight, within 2 of 255 of the original maps of 256. */
#include "raster/palettes.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *hex; /* six digits a colour, from low to high */
} maps[] = {
    { "viridis", "44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a3a538b38598c"
                 "355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d20928c1f978b1e9c891fa188"
                 "21a58524aa8328ae802eb37c35b7793dbc7446c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37"
                 "b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725" },
    { "plasma", "0d08871b068d2605912f059638049a41049d4903a05102a35901a56100a76900a87100a87801a88004a88707a6"
                "8e0ca49511a19c179ea21d9aa82296ae2892b42e8dba3388bf3984c43e7fc9447acd4a76d24f71d6556dda5b69"
                "de6164e26660e66c5ce97257ed7953f07f4ff3854bf58c46f79342f99a3efba139fca835fdaf31feb72dfebe2a"
                "fdc627fcce25fbd724f8df25f6e826f3f027f0f921" },
    { "inferno", "00000402020c0504170a072210092d160b391e0c45260c512f0a5b380962400a67490b6a510e6c59106e61136e"
                 "69166e71196e781c6d801f6c88226a902568982766a02a63a82e5fb0315bb73557bf3952c63d4dcc4248d34743"
                 "d94d3ddf5337e45a31e9612bed6925f1711ff47918f78212f98b0bfa9407fb9d07fca60cfcb014fbba1ffac42a"
                 "f8cd37f6d746f4e156f2ea69f2f27df5f992fcffa4" },
    { "magma", "00000402020b0504160907200e0b2b140e361a104221114e29115a311165390f6e420f754a107952137c5a167e"
               "6219806a1c81721f81792282812581892881912b81992d80a1307eaa337db2357bba3878c23b75ca3e72d2426f"
               "d9466be04c67e75263ec5860f1605df4695cf7725cf97b5dfb8560fc8e64fd9869fea16efeaa74feb47bfebd82"
               "fec68afecf92fed89afde2a3fdebacfcf4b6fcfdbf" },
    { "cividis", "00224e00234f00245100255300255400265600275800285900285b00295d002a5f002a61002b62002c64002c66"
                 "002d68002e6a002e6c002f6d00306f0030700031700031710132710533710833700c34700f3570123570143670"
                 "16377018376f1a386f1c396f1e3a6f203a6f213b6e233c6e243c6e263d6e273e6e293f6e2a3f6d2b406d2d416d"
                 "2e416d2f426d31436d32436d33446d34456c35456c36466c38476c39486c3a486c3b496c3c4a6c3d4a6c3e4b6c"
                 "3f4c6c404c6c414d6c424e6c434e6c444f6c45506c46516c47516c48526c49536c4a536c4b546c4c556c4d556c"
                 "4e566c4f576c50576c51586d52596d535a6d545a6d555b6d555c6d565c6d575d6d585e6d595e6e5a5f6e5b606e"
                 "5c616e5d616e5e626e5e636f5f636f60646f61656f62656f636670646770656870656870666970676a71686a71"
                 "696b716a6c716b6d726c6d726c6e726d6f726e6f736f7073707173717274727274727374737475747475757575"
                 "7676767777767777777878777979777a7a787b7a787c7b787d7c787e7c787e7d787f7e78807f78817f78828079"
                 "8381798482798582798683798784788885788985788a86788b87788c88788d88788e89788f8a78908b78918b78"
                 "928c78928d78938e78948e77958f779690779791779892779992779a93769b94769c95769d95769e96769f9775"
                 "a09875a19975a29975a39a74a49b74a59c74a69c74a79d73a89e73a99f73aaa073aba072aca172ada272aea371"
                 "afa471b0a571b1a570b3a670b4a76fb5a86fb6a96fb7a96eb8aa6eb9ab6dbaac6dbbad6dbcae6cbdae6cbeaf6b"
                 "bfb06bc0b16ac1b26ac2b369c3b369c4b468c5b568c6b667c7b767c8b866c9b965cbb965ccba64cdbb63cebc63"
                 "cfbd62d0be62d1bf61d2c060d3c05fd4c15fd5c25ed6c35dd7c45cd9c55cdac65bdbc75adcc859ddc858dec958"
                 "dfca57e0cb56e1cc55e2cd54e4ce53e5cf52e6d051e7d150e8d24fe9d34eead34cebd44bedd54aeed649efd748"
                 "f0d846f1d945f2da44f3db42f5dc41f6dd3ff7de3ef8df3cf9e03afbe138fce236fde334fee434fee535fee636"
                 "fee838" },
    { "turbo", "30123b36215f3b2f803f3e9c424bb54559cb4666dd4773eb4680f6458cfd4099ff38a5fb2fb2f427bee91fc9dd"
               "1ad4d018ddc21ae4b622ebaa2ff19b3ff68a52fa7a65fd6979fe598bff4b9cfe40a9fb39b7f735c3f134d0ea34"
               "dbe236e5d938eecf3af5c53afaba39fdae35fea130fe932afc8423f9751df46617ef5811e84b0ce14109d83706"
               "ce2d04c32503b71d02a916019b0f018b09027a0403" },
    { "grays", "000000ffffff" },
    { "rdylgn", "a50026d73027f46d43fdae61fee08bffffbfd9ef8ba6d96a66bd631a9850006837" },
    { "rdbu", "67001fb2182bd6604df4a582fddbc7f7f7f7d1e5f092c5de4393c32166ac053061" },
    { "spectral", "9e0142d53e4ff46d43fdae61fee08bffffbfe6f598abdda466c2a53288bd5e4fa2" },
    { "ylgn", "ffffe5f7fcb9d9f0a3addd8e78c67941ab5d238443006837004529" },
    { "blues", "f7fbffdeebf7c6dbef9ecae16baed64292c62171b508519c08306b" },
    { "greens", "f7fcf5e5f5e0c7e9c0a1d99b74c47641ab5d238b45006d2c00441b" },
};
enum { MAPS = sizeof maps / sizeof maps[0] };

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static int32_t read_map(const char *hex, bool reversed, uint8_t (*rgb)[3])
{
    size_t count = strlen(hex) / 6;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 3; k++) {
            const char *at = hex + 6 * (reversed ? count - 1 - i : i) + 2 * k;
            rgb[i][k] = (uint8_t)(digit(at[0]) * 16 + digit(at[1]));
        }
    return (int32_t)count;
}

int32_t dtake__palette_find(const char *name, uint8_t (*rgb)[3])
{
    char word[24];
    size_t len = strlen(name);
    bool reversed = len > 2 && dtake__ends_with(name, "_r");
    if (len >= sizeof word)
        return 0;
    snprintf(word, sizeof word, "%.*s", (int)(reversed ? len - 2 : len), name);
    for (size_t i = 0; i < MAPS; i++)
        if (dtake__equal_nocase(maps[i].name, word))
            return read_map(maps[i].hex, reversed, rgb);
    return 0;
}

void dtake__palette_names(char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < MAPS && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", maps[i].name);
}
