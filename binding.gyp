# Builds build/Release/tidemark.node from the groups of native/sources.json. Flags that must also
# hold for the tests stand in CMakeLists.txt a second time. This file is left out of the published
# package: with it in the tarball npm would run node-gyp at every install.
{
  'variables': {
    'tidemark_version': '<!(node -p "require(\'./package.json\').version")',
    'napi_include': '<!(node -p "require(\'path\').resolve(require(\'node-addon-api\').include_dir)")',
  },
  'targets': [
    {
      'target_name': 'tidemark',
      'sources': ['<!@(node scripts/native-sources.cjs core addon)'],
      'include_dirs': ['native'],
      'defines': [
        'NAPI_VERSION=9',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        # A terminating worker refuses to throw: without this the process would abort.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED',
        'TIDEMARK_VERSION="<(tidemark_version)"',
      ],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti'],
      'cflags_cc': [
        '-std=c++20',
        '-O3',
        '-pthread',
        '-fvisibility=hidden',
        '-Wall',
        '-Wextra',
        '-Wpedantic',
        '-Wshadow',
        '-Wconversion',
        '-Werror',
        # As system includes, the headers of others are not held to our warnings.
        '-isystem',
        '<(napi_include)',
        '-isystem',
        '<(node_root_dir)/include/node',
      ],
      'conditions': [
        [
          'OS=="win"',
          {
            'sources': ['<!@(node scripts/native-sources.cjs core-windows)'],
            'include_dirs': ['<(napi_include)'],
            'defines': ['NOMINMAX', 'WIN32_LEAN_AND_MEAN', 'UNICODE', '_UNICODE', '_WIN32_WINNT=0x0A00'],
            'msvs_settings': {
              'VCCLCompilerTool': {
                'ExceptionHandling': 1,
                'RuntimeTypeInfo': 'true',
                'AdditionalOptions': ['/std:c++20', '/utf-8'],
              },
            },
          },
          {
            'sources': ['<!@(node scripts/native-sources.cjs core-posix)'],
          },
        ],
        [
          'OS=="linux"',
          {
            'defines': ['_FILE_OFFSET_BITS=64'],
            # The writer thread may still return from a call into this library while its
            # environment ends: the code has to stay mapped.
            'ldflags': [
              '-Wl,-z,nodelete',
              '-Wl,--version-script=<(module_root_dir)/native/addon/exports.map',
              '-pthread',
            ],
          },
        ],
        [
          'OS=="mac"',
          {
            'xcode_settings': {
              'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
              'GCC_ENABLE_CPP_RTTI': 'YES',
              'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
              'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
              'CLANG_CXX_LIBRARY': 'libc++',
              'GCC_OPTIMIZATION_LEVEL': '3',
              'MACOSX_DEPLOYMENT_TARGET': '11.0',
              'OTHER_CPLUSPLUSFLAGS': [
                '-Wall',
                '-Wextra',
                '-Wpedantic',
                '-Wshadow',
                '-Wconversion',
                '-Werror',
                '-isystem',
                '<(napi_include)',
                '-isystem',
                '<(node_root_dir)/include/node',
              ],
            },
          },
        ],
      ],
    },
  ],
}
